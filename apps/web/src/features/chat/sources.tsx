import type { SourcePart } from '@parley/contract'
import { safeLink, stripDeceiving } from '@parley/ui'

/** What an answer cites. A source of our own opens here, any other in a tab of its own. */
export function Sources({ sources }: { sources: readonly SourcePart[] }) {
  return (
    // biome-ignore lint/a11y/useSemanticElements: a list with a name; no landmark, of which there would be many.
    <div role="group" aria-label="Sources" className="mt-1">
      <p className="mb-2 font-medium text-text-muted text-xs">Sources</p>
      <ol className="grid gap-2 sm:grid-cols-2">
        {sources.map((source) => {
          const link = safeLink(source.url)
          const content = (
            <>
              <span className="mt-px grid size-5 shrink-0 place-items-center rounded-sm bg-accent-soft font-medium text-accent text-xs">
                {source.number}
              </span>
              <span className="min-w-0">
                <span className="block truncate font-medium">{stripDeceiving(source.title)}</span>
                <span className="line-clamp-2 text-text-muted text-xs">{stripDeceiving(source.excerpt)}</span>
                {link?.external && <span className="block truncate text-text-faint text-xs">{link.host}</span>}
              </span>
            </>
          )
          const className = 'flex h-full gap-2.5 rounded-md border border-border bg-surface px-3 py-2.5 text-sm'
          return (
            <li key={source.number}>
              {link ? (
                <a
                  href={link.href}
                  {...(link.external
                    ? { target: '_blank', rel: 'noopener noreferrer nofollow' }
                    : { 'data-own': true })}
                  className={`${className} hover:border-border-strong`}
                >
                  {content}
                </a>
              ) : (
                <span className={className}>{content}</span>
              )}
            </li>
          )
        })}
      </ol>
    </div>
  )
}
