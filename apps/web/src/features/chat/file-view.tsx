import { stripDeceiving } from '@parley/ui'
import { FileText } from 'lucide-react'
import { parley } from '../../parley.ts'
import { formatBytes } from '../shell/format.ts'

/** A file of a message: an image to look at, anything else to download. */
export function FileView({ file }: { file: { fileId: string; name: string; mediaType: string; bytes?: number } }) {
  const name = stripDeceiving(file.name)
  const url = parley.files.contentUrl(file.fileId)
  if (file.mediaType.startsWith('image/')) {
    return (
      <a href={url} target="_blank" rel="noopener noreferrer" className="block w-fit overflow-hidden rounded-md">
        <img
          src={url}
          alt={name}
          loading="lazy"
          className="max-h-80 max-w-full rounded-md border border-border bg-sunken object-contain"
        />
      </a>
    )
  }
  return (
    <a
      href={url}
      download={name}
      className="inline-flex max-w-full items-center gap-3 rounded-md border border-border bg-surface px-3 py-2 text-sm hover:border-border-strong"
    >
      <FileText aria-hidden="true" className="size-5 shrink-0 text-accent" />
      <span className="min-w-0">
        <span className="block truncate font-medium">{name}</span>
        {file.bytes !== undefined && <span className="block text-text-muted text-xs">{formatBytes(file.bytes)}</span>}
      </span>
    </a>
  )
}
