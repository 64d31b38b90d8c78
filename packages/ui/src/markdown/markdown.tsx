import { Image as ImageIcon } from 'lucide-react'
import { type ComponentProps, createContext, memo, use, useId, useMemo, useState } from 'react'
import ReactMarkdown, { type Components, type ExtraProps } from 'react-markdown'
import remarkGfm from 'remark-gfm'
import { classNames } from '../class-names.ts'
import { CodeBlock } from './code-block.tsx'
import { completeTail, pendingMath } from './complete-tail.ts'
import { useLazy } from './lazy.ts'
import { Formula, mathEngine } from './math.tsx'
import { mayHoldMath, normaliseMath } from './math-syntax.ts'
import { safeTree } from './safe-tree.ts'
import { safeImage, safeLink } from './safe-url.ts'
import { Scrollable } from './scrollable.tsx'
import { hostToShow } from './shown-host.ts'
import { type SplitText, splitBlocks } from './split-blocks.ts'
import { directionOf, textOf } from './text-direction.ts'

/** Who wrote a text. Links in what people and models did not write show where they lead. */
export type MarkdownOrigin = 'user' | 'model' | 'tool' | 'file' | 'web' | 'system'

export interface MarkdownProps {
  text: string
  /** The text is still growing: finished blocks are kept as they are, the last one is completed for show. */
  streaming?: boolean
  origin?: MarkdownOrigin
  className?: string
}

/**
 * A Markdown text (CommonMark, GitHub tables, task lists and footnotes, formulas). It runs no script and loads nothing from
 * other hosts: HTML is shown as text, foreign images become links, links lead to http(s), mail and this site alone.
 */
export const Markdown = memo(function Markdown({
  text,
  streaming = false,
  origin = 'model',
  className,
}: MarkdownProps) {
  const blocks = useBlocks(text)
  const whole = useMemo(() => (streaming ? '' : blocks.map(normaliseMath).join('')), [streaming, blocks])
  return (
    <OriginContext value={origin}>
      <div className={classNames('markdown', className)} data-origin={origin}>
        {/* Footnotes and links by reference need the whole text, so at its end it is rendered once as one. */}
        {streaming
          ? blocks.map((block, index) => (
              // biome-ignore lint/suspicious/noArrayIndexKey: a block never moves.
              <Block key={index} text={block} last={index === blocks.length - 1} />
            ))
          : whole && <Rendered source={whole} />}
      </div>
    </OriginContext>
  )
})

/** Keeps the last cut, so that the next one starts from its stable blocks. */
function useBlocks(text: string): string[] {
  const [cut] = useState(() => {
    let previous: SplitText | undefined
    return (next: string) => {
      previous = splitBlocks(next, previous)
      return previous.blocks
    }
  })
  return useMemo(() => cut(text), [cut, text])
}

const Block = memo(function Block({ text, last }: { text: string; last: boolean }) {
  const source = normaliseMath(last ? completeTail(text) : text)
  return (
    <GrowingContext value={last}>
      <Rendered source={source} />
    </GrowingContext>
  )
})

const OriginContext = createContext<MarkdownOrigin>('model')
const GrowingContext = createContext(false)
const LinkContext = createContext(false)

const rehypePlugins = [safeTree]
const plainPlugins = [remarkGfm]

const Rendered = memo(function Rendered({ source }: { source: string }) {
  const id = useId()
  const math = useLazy(mayHoldMath(source) ? mathEngine : undefined)
  const remarkPlugins = useMemo(() => (math ? [remarkGfm, ...math.mathPlugins] : plainPlugins), [math])
  return (
    <ReactMarkdown
      remarkPlugins={remarkPlugins}
      rehypePlugins={rehypePlugins}
      remarkRehypeOptions={{ clobberPrefix: `${id}-` }}
      urlTransform={checkUrl}
      components={components}
    >
      {source}
    </ReactMarkdown>
  )
})

/** Addresses that may not be used vanish here already; the components below build on that, and check again. */
function checkUrl(address: string, attribute: string): string | undefined {
  if (attribute === 'href') return safeLink(address)?.href
  return attribute === 'src' ? address : undefined
}

const components: Components = {
  // Headings go one level down: the page around the text has the first.
  h1: ({ children }) => (
    <h2 dir="auto" className="markdown-h1">
      {children}
    </h2>
  ),
  // The heading of the footnotes comes with a class that hides it from the eye.
  h2: ({ children, className }) => (
    <h3 dir="auto" className={classNames('markdown-h2', className)}>
      {children}
    </h3>
  ),
  h3: ({ children }) => (
    <h4 dir="auto" className="markdown-h3">
      {children}
    </h4>
  ),
  h4: ({ children }) => (
    <h5 dir="auto" className="markdown-h4">
      {children}
    </h5>
  ),
  h5: ({ children }) => (
    <h6 dir="auto" className="markdown-h5">
      {children}
    </h6>
  ),
  h6: ({ children }) => (
    <h6 dir="auto" className="markdown-h6">
      {children}
    </h6>
  ),
  p: ({ children }) => <p dir="auto">{children}</p>,
  ul: ({ children, className, node }) => (
    <ul dir={directionOf(node)} className={className}>
      {children}
    </ul>
  ),
  ol: ({ children, className, start, node }) => (
    <ol dir={directionOf(node)} className={className} start={start}>
      {children}
    </ol>
  ),
  blockquote: ({ children, node }) => <blockquote dir={directionOf(node)}>{children}</blockquote>,
  a: Link,
  img: Picture,
  table: ({ children, node }) => (
    <Scrollable label="Table" className="markdown-table">
      <table dir={directionOf(node)}>{children}</table>
    </Scrollable>
  ),
  th: ({ children, node }) => (
    <th scope="col" data-align={alignmentOf(node)}>
      {children}
    </th>
  ),
  td: ({ children, node }) => <td data-align={alignmentOf(node)}>{children}</td>,
  input: ({ checked }) => (
    <input type="checkbox" disabled checked={checked ?? false} aria-label={checked ? 'Done' : 'To do'} />
  ),
  pre: Preformatted,
  code: ({ children, className, node }) =>
    className?.includes('math-inline') && node ? (
      <Formula tex={textOf(node)} display={false} />
    ) : (
      <code>{children}</code>
    ),
}

function alignmentOf(node: ExtraProps['node']): string | undefined {
  const align = node?.properties.align
  return typeof align === 'string' ? align : undefined
}

function Preformatted({ node }: ExtraProps) {
  const growing = use(GrowingContext)
  const code = node?.children[0]
  if (code?.type !== 'element') return null
  const language = /(?:^|\s)language-(\S+)/.exec([code.properties.className ?? ''].flat().join(' '))?.[1] ?? ''
  const text = textOf(code).replace(/\n$/, '')
  if (language === pendingMath) return <p className="math-pending">{text || '…'}</p>
  if (language === 'math') return <Formula tex={text} display />
  return <CodeBlock code={text} language={language} growing={growing} />
}

function Link({ node, href, children, ...props }: ComponentProps<'a'> & ExtraProps) {
  const origin = use(OriginContext)
  const link = href === undefined ? undefined : safeLink(href)
  if (!link) return <span>{children}</span>
  // Of what remark writes, footnotes alone need more than the address.
  const { id, className, 'aria-label': label } = props
  if (!link.external) {
    return (
      <a href={link.href} id={id} className={className} aria-label={label}>
        <LinkContext value={true}>{children}</LinkContext>
      </a>
    )
  }
  const text = node ? textOf(node) : ''
  const host = hostToShow(link, text, origin === 'tool' || origin === 'file' || origin === 'web')
  return (
    <a href={link.href} rel="noopener noreferrer nofollow" target="_blank" title={link.href}>
      <LinkContext value={true}>{children}</LinkContext>
      {host && <span className="markdown-host"> ({host})</span>}
    </a>
  )
}

function Picture({ src, alt = '' }: ComponentProps<'img'>) {
  const insideLink = use(LinkContext)
  if (typeof src !== 'string') return null
  const own = safeImage(src)
  if (own) return <img src={own} alt={alt} loading="lazy" decoding="async" />
  const link = safeLink(src)
  const words = `Image: ${[alt, link?.host && `(${link.host})`].filter(Boolean).join(' ') || 'not shown'}`
  if (!link || insideLink) return <span className="markdown-image-link">{words}</span>
  return (
    <a
      className="markdown-image-link"
      href={link.href}
      rel="noopener noreferrer nofollow"
      target="_blank"
      title={link.href}
    >
      <ImageIcon aria-hidden="true" />
      {words}
    </a>
  )
}
