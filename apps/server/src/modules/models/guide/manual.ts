import { readdir, readFile } from 'node:fs/promises'

/** A page of the manual; `page` is its name in addresses: `/docs/<page>`. */
export interface ManualPage {
  page: string
  title: string
  markdown: string
}

/** A heading and what stands under it, up to the next heading. */
export interface Section {
  page: string
  /** Page title and headings above, then its own: `Models › Ollama`. */
  path: string[]
  anchor: string
  /** Blocks of Markdown: paragraphs, lists, tables, code. */
  blocks: string[]
}

const root = new URL('../../../../../../', import.meta.url)

let loaded: Promise<ManualPage[]> | undefined

/** The project's own docs: README.md and docs/*.md. Read once; a change shows after a restart. */
export function loadManual(): Promise<ManualPage[]> {
  loaded ??= readPages()
  return loaded
}

export async function findPage(page: string): Promise<ManualPage | undefined> {
  return (await loadManual()).find((candidate) => candidate.page === page)
}

async function readPages(): Promise<ManualPage[]> {
  const docs = new URL('docs/', root)
  const names = (await readdir(docs)).filter((name) => name.endsWith('.md')).sort()
  const files = [new URL('README.md', root), ...names.map((name) => new URL(name, docs))]
  const pages = await Promise.all(files.map(readPage))
  return pages.filter((page) => page !== undefined)
}

async function readPage(file: URL): Promise<ManualPage | undefined> {
  const markdown = await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined
    throw error
  })
  if (markdown === undefined) return undefined
  const page = decodeURIComponent(file.pathname.slice(file.pathname.lastIndexOf('/') + 1))
    .replace(/\.md$/, '')
    .toLowerCase()
  return { page, title: /^# +(.+)$/m.exec(markdown)?.[1]?.trim() ?? page, markdown: withPageLinks(markdown) }
}

/** Links between the files lead to pages, pictures and links to what is no page become their text. */
function withPageLinks(markdown: string): string {
  return markdown
    .replace(/!\[([^\]]*)\]\((?!https?:)[^)]*\)\n*/g, '')
    .replace(/\[([^\]]*)\]\((?!https?:|mailto:|#)([^)\s]*)\)/g, (_link, text: string, target: string) => {
      const page = /^(?:\.?\/)?(?:docs\/|\.\.\/)?([a-zA-Z0-9-]+)\.md(#.*)?$/.exec(target)
      return page ? `[${text}](/docs/${page[1]!.toLowerCase()}${page[2] ?? ''})` : text
    })
}

/** Splits a page at its headings, minding fenced code. */
export function splitSections({ page, title, markdown }: ManualPage): Section[] {
  const sections: Section[] = []
  const anchors = new Map<string, number>()
  let path = [title]
  let section: Section = { page, path, anchor: '', blocks: [] }
  let block: string[] = []
  let fence: string | undefined
  const endBlock = () => {
    if (block.length > 0) section.blocks.push(block.join('\n'))
    block = []
  }
  const endSection = () => {
    endBlock()
    if (section.blocks.length > 0) sections.push(section)
  }
  for (const line of markdown.split('\n')) {
    const mark = /^\s*(```+|~~~+)/.exec(line)?.[1]
    if (mark !== undefined) {
      if (fence === undefined) fence = mark
      else if (mark.startsWith(fence)) fence = undefined
    }
    const heading = fence === undefined ? /^(#{1,4}) +(.+?) *#*$/.exec(line) : null
    if (heading) {
      endSection()
      const level = heading[1]!.length
      const text = heading[2]!.replace(/[`*_]/g, '')
      path = level === 1 ? [title] : [...path.slice(0, level - 1), text]
      section = { page, path, anchor: uniqueAnchor(anchors, text), blocks: [] }
    } else if (line.trim() === '' && fence === undefined) endBlock()
    else block.push(line)
  }
  endSection()
  return sections
}

/** As GitHub makes them: lower case, hyphens for spaces, a number when it comes again. */
function uniqueAnchor(anchors: Map<string, number>, text: string): string {
  const anchor = text
    .toLowerCase()
    .replace(/[^\p{L}\p{N}\s_-]/gu, '')
    .replace(/\s/g, '-')
  const before = anchors.get(anchor) ?? 0
  anchors.set(anchor, before + 1)
  return before === 0 ? anchor : `${anchor}-${before}`
}
