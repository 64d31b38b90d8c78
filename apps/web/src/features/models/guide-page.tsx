import { Markdown, Skeleton } from '@parley/ui'
import { queryOptions, useQuery } from '@tanstack/react-query'
import { getRouteApi, useRouterState } from '@tanstack/react-router'
import { useEffect, useRef } from 'react'
import { parley } from '../../parley.ts'
import { ErrorPage, NotFoundPage } from '../shell/error-page.tsx'
import { refusedForGood } from '../shell/explain-error.ts'
import { useTitle } from '../shell/use-title.ts'

const route = getRouteApi('/app/docs/$page')

const getPage = (page: string) =>
  queryOptions({
    queryKey: ['guide', page],
    queryFn: ({ signal }) => parley.guide.page(page, { signal }),
    staleTime: Number.POSITIVE_INFINITY,
  })

/** A page of the manual; the part after # in the address names a heading. */
export function GuidePage() {
  const { page } = route.useParams()
  const guide = useQuery(getPage(page))
  const hash = useRouterState({ select: (state) => state.location.hash })
  const text = useRef<HTMLDivElement>(null)
  useTitle(guide.data?.title ?? 'Manual')

  // biome-ignore lint/correctness/useExhaustiveDependencies: runs when there is a text, and when another heading is named.
  useEffect(() => {
    for (const heading of text.current?.querySelectorAll('h2, h3, h4, h5') ?? []) {
      heading.id = slugOf(heading.textContent ?? '')
    }
    if (hash) document.getElementById(hash)?.scrollIntoView({ block: 'start' })
  }, [guide.data, hash])

  if (refusedForGood(guide.error)) return <NotFoundPage />
  if (guide.error) return <ErrorPage error={guide.error} reset={() => guide.refetch()} />
  return (
    <main id="main" tabIndex={-1} className="min-h-0 flex-1 overflow-y-auto outline-none">
      <div className="mx-auto w-full max-w-3xl px-5 py-10 sm:px-8 md:py-14">
        <p className="mb-3 font-medium text-accent text-sm">Manual</p>
        <h1 className="mb-8 font-display text-4xl tracking-tight">{guide.data?.title ?? 'Manual'}</h1>
        {guide.isPending && <Skeleton lines={8} />}
        <div ref={text} className="[&_:is(h2,h3,h4)]:scroll-mt-6">
          {guide.data && <Markdown text={withoutTitle(guide.data.markdown)} origin="system" />}
        </div>
      </div>
    </main>
  )
}

/** The page shows the title itself, and the headings below it are one level up for that. Code is left alone. */
function withoutTitle(markdown: string): string {
  return markdown
    .replace(/^\s*# [^\n]*\n/, '')
    .replace(/(^```[\s\S]*?^```)|^#(#{1,5} )/gm, (_, code: string | undefined, heading: string) => code ?? heading)
}

/** The anchor of a heading, as Git hosts spell it. */
function slugOf(heading: string): string {
  return heading
    .trim()
    .toLowerCase()
    .replace(/[^\p{L}\p{N}\s_-]/gu, '')
    .replace(/\s/g, '-')
}
