import type { FileInfo } from '@parley/contract'
import { randomKey } from '@parley/sdk'
import { useCallback, useState } from 'react'
import { parley } from '../../parley.ts'
import { explainError } from '../shell/explain-error.ts'

export interface Attachment {
  key: string
  name: string
  isImage: boolean
  /** Set once it is uploaded. */
  file: FileInfo | null
  error: string | null
}

export const acceptedTypes = 'image/png,image/jpeg,image/gif,image/webp,text/*,.md,.csv,.json,.log,.yaml,.yml'
const mostBytes = 20_000_000

/** Files beside a message that is being written; each is uploaded as soon as it is chosen. */
export function useAttachments() {
  const [attachments, setAttachments] = useState<Attachment[]>([])
  const add = useCallback((files: Iterable<File>) => {
    for (const file of files) {
      const key = randomKey()
      const patch = (change: Partial<Attachment>) =>
        setAttachments((current) => current.map((one) => (one.key === key ? { ...one, ...change } : one)))
      const error = file.size > mostBytes ? 'Larger than 20 MB.' : null
      const attachment = { key, name: file.name, isImage: file.type.startsWith('image/'), file: null, error }
      setAttachments((current) => [...current, attachment].slice(0, 10))
      if (error) continue
      parley.files.upload(file).then(
        (uploaded) => patch({ file: uploaded }),
        (failure) => patch({ error: explainError(failure) }),
      )
    }
  }, [])
  const remove = useCallback((key: string) => setAttachments((current) => current.filter((one) => one.key !== key)), [])
  const clear = useCallback(() => setAttachments([]), [])
  return { attachments, add, remove, clear }
}
