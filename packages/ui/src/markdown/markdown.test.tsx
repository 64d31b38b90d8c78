// @vitest-environment happy-dom
import { act } from 'react'
import { createRoot } from 'react-dom/client'
import { renderToStaticMarkup } from 'react-dom/server'
import { afterEach, beforeAll, describe, expect, test, vi } from 'vitest'
import { highlighterFor } from './highlight.ts'
import { hostileMarkdown } from './hostile-markdown.ts'
import { preload } from './lazy.ts'
import { Markdown, type MarkdownProps } from './markdown.tsx'
import { mathEngine } from './math.tsx'

vi.stubGlobal('IS_REACT_ACT_ENVIRONMENT', true)

const roots: (() => void)[] = []

function render(props: MarkdownProps) {
  const place = document.createElement('div')
  document.body.append(place)
  const root = createRoot(place)
  const update = (next: MarkdownProps) => act(() => root.render(<Markdown {...next} />))
  update(props)
  roots.push(() => {
    act(() => root.unmount())
    place.remove()
  })
  return { place, update }
}

beforeAll(async () => {
  await Promise.all([preload(mathEngine), ...['js', 'html'].map((name) => preload(highlighterFor(name)!))])
})

afterEach(() => {
  for (const unmount of roots.splice(0)) unmount()
})

const harmless = new Set(
  (
    'a blockquote br button code del div em h2 h3 h4 h5 h6 hr img input li ol p pre section span strong sup table tbody td ' +
    'th thead tr ul svg path circle rect line math semantics annotation mrow mi mo mn mtext mspace mstyle mfrac mpadded'
  ).split(' '),
)

/** All that could run a script or load something, in what was rendered. */
function dangers(place: Element): string[] {
  const found: string[] = []
  for (const element of place.querySelectorAll('*')) {
    const tag = element.tagName.toLowerCase()
    if (!harmless.has(tag)) found.push(`<${tag}>`)
    for (const { name, value } of element.attributes) {
      const said = `${tag} ${name}="${value}"`
      if (/^on|^(srcset|srcdoc|poster|background|data|action|formaction|ping|xlink:href|cite|lowsrc)$/i.test(name))
        found.push(said)
      if (name === 'src' && !/^(\/api\/|data:image\/(png|jpeg|gif|webp)(;base64)?,)/.test(value)) found.push(said)
      if (name === 'href' && !/^(https?:\/\/|mailto:|#|\?|\/(?![/\\]))/.test(value)) found.push(said)
      if (name === 'style' && /[(\\@]/.test(value)) found.push(said)
    }
  }
  return found
}

describe('P8 provenance: what is rendered loads nothing from other hosts and runs no script', () => {
  test.each(hostileMarkdown)('%s', (_, text) => {
    for (const streaming of [true, false]) {
      const { place } = render({ text, streaming })
      expect(dangers(place)).toEqual([])
      expect(place.querySelector('script, img')).toBeNull()
    }
    const served = document.createElement('div')
    served.innerHTML = renderToStaticMarkup(<Markdown text={text} />)
    expect(dangers(served)).toEqual([])
  })

  test('all of it at every length, as it streams', () => {
    const { place, update } = render({ text: '', streaming: true })
    for (const [, text] of hostileMarkdown) {
      for (let length = 1; length <= text.length; length += 7) {
        update({ text: text.slice(0, length), streaming: true })
        expect(dangers(place)).toEqual([])
      }
    }
  })

  test('the check would notice', () => {
    const place = document.createElement('div')
    place.innerHTML =
      '<img src="https://evil.example/" onerror="x()"><a href="javascript:x()">y</a><p style="background:url(x)"></p><script></script>'
    expect(dangers(place)).toHaveLength(5)
  })
})

describe('images', () => {
  test('from this server are shown, from elsewhere they are links that say so', () => {
    const { place } = render({ text: '![cat](/api/v1/files/1) ![dog](https://elsewhere.example/dog.png)' })
    expect(place.querySelector('img')?.getAttribute('src')).toBe('/api/v1/files/1')
    expect(place.querySelector('a')?.textContent).toBe('Image: dog (elsewhere.example)')
  })

  test('pixels in the address are shown, SVG is not', () => {
    const { place } = render({ text: '![a](data:image/png;base64,AAAA) ![b](data:image/svg+xml,x)' })
    expect(place.querySelectorAll('img')).toHaveLength(1)
    expect(place.textContent).toContain('Image: b')
  })
})

describe('links', () => {
  test('to other sites open apart and tell them nothing', () => {
    const link = render({ text: '[x](https://example.org/a)' }).place.querySelector('a')
    expect(link?.getAttribute('rel')).toBe('noopener noreferrer nofollow')
    expect(link?.getAttribute('target')).toBe('_blank')
  })

  test('in what tools and files wrote show where they lead', () => {
    const text = '[your bank](https://evil.example/)'
    expect(render({ text, origin: 'tool' }).place.textContent).toContain('(evil.example)')
    expect(render({ text, origin: 'model' }).place.textContent).not.toContain('evil.example')
  })
})

test('HTML is shown as the text it is', () => {
  expect(render({ text: 'a <b>bold</b> <script>x</script>' }).place.textContent).toContain(
    '<b>bold</b> <script>x</script>',
  )
})

test('overrides of the text direction and invisible tags are removed, written as such or as entities', () => {
  const { place } = render({ text: 'a\u202Eb&#x202E;c\u2066d\u{E0041}e `x\u202Ey`' })
  expect(place.textContent).toBe('abcde xy')
})

test('footnotes and links by reference work once the text is complete', () => {
  const text = 'See [the site] and[^1].\n\nMore.\n\n[the site]: https://example.org/\n\n[^1]: A note.'
  const { place, update } = render({ text, streaming: true })
  update({ text, streaming: false })
  expect(place.querySelector('a')?.getAttribute('href')).toBe('https://example.org/')
  const note = place.querySelector('sup a')
  expect(place.querySelector(`[id="${note?.getAttribute('href')?.slice(1)}"]`)?.textContent).toContain('A note.')
})

test('two texts on one page share no ids', () => {
  render({ text: 'a[^1]\n\n[^1]: x' })
  render({ text: 'a[^1]\n\n[^1]: x' })
  const ids = [...document.querySelectorAll('.markdown [id]')].map((element) => element.id)
  expect(ids.length).toBeGreaterThan(2)
  expect(new Set(ids).size).toBe(ids.length)
})

test('finished blocks keep their elements while the text grows', () => {
  const { place, update } = render({ text: '# Title\n\nFirst.\n\nSecond.\n\nThi', streaming: true })
  const before = [...place.querySelectorAll('h2, p')].slice(0, 3)
  update({ text: '# Title\n\nFirst.\n\nSecond.\n\nThird, **and more', streaming: true })
  const after = [...place.querySelectorAll('h2, p')]
  expect(after.slice(0, 3)).toEqual(before)
  expect(after[3]?.querySelector('strong')?.textContent).toBe('and more')
})

test('while the text arrives no marker is seen, and no block changes its kind', () => {
  const text =
    '## Plan\n\nSome **bold**, _thin_ and `code` in [a link](https://example.org/).\n\n- one **two**\n- three\n\n' +
    '| a | b |\n| --- | --- |\n| `1` | **2** |\n\n![Chart](https://example.org/c.png) seen.\n\n$$\n\\frac{1}{2}\n$$\n\nEnd.'
  const { place, update } = render({ text: '', streaming: true })
  let kinds: string[] = []
  for (let length = 1; length <= text.length; length++) {
    update({ text: text.slice(0, length), streaming: true })
    expect(place.textContent, text.slice(0, length)).not.toMatch(/\*\*|`|\]\(|\||--|\$|#/)
    const now = [...place.querySelectorAll('.markdown > *')].map((block) => block.tagName)
    // A formula is shown as its source until it is closed.
    const kept = kinds.filter((kind, index) => now[index] === kind)
    if (!place.querySelector('.math-display')) expect(kept, text.slice(0, length)).toEqual(kinds)
    kinds = now
  }
})

test('code is coloured by its language, and by none that is not known', () => {
  const { place } = render({ text: '```js\nconst a = 1\n```\n\n```nosuch\nconst a = 1\n```' })
  const [known, unknown] = place.querySelectorAll('pre')
  expect(known?.querySelector('.hljs-keyword')?.textContent).toBe('const')
  expect(unknown?.querySelector('span')).toBeNull()
  expect(known?.textContent).toBe('const a = 1')
})

test('formulas are set for the eye and for screen readers, in every notation', () => {
  const { place } = render({ text: 'a $x^2$ b \\(y\\) c\n\n\\[\n\\frac{1}{2}\n\\]\n\nnot $5 or $6' })
  expect(place.querySelectorAll('.math-inline math')).toHaveLength(2)
  expect(place.querySelectorAll('.math-display math mfrac')).toHaveLength(1)
  expect(place.querySelectorAll('[style]').length).toBeGreaterThan(0)
  expect(place.textContent).toContain('not $5 or $6')
})

test('TeX that cannot be set is shown as its source', () => {
  expect(render({ text: '$$\n\\frac{1}\n$$' }).place.querySelector('.math-source')?.textContent).toBe('\\frac{1}')
})

test('tables and task lists have names for their parts', () => {
  const { place } = render({ text: '| a | b |\n|---|--:|\n| 1 | 2 |\n\n- [x] done\n- [ ] open' })
  expect(place.querySelector('td:last-child')?.getAttribute('data-align')).toBe('right')
  expect([...place.querySelectorAll('input')].map((box) => box.getAttribute('aria-label'))).toEqual(['Done', 'To do'])
})

test('text runs in its own direction', () => {
  const { place } = render({ text: 'שלום\n\n- مرحبا\n- two\n\n- - -\n\n1. one' })
  expect(place.querySelector('p')?.getAttribute('dir')).toBe('auto')
  expect(place.querySelector('ul')?.getAttribute('dir')).toBe('rtl')
  expect(place.querySelector('ol')?.getAttribute('dir')).toBe('ltr')
})

test('copying code says so', async () => {
  const writeText = vi.spyOn(navigator.clipboard, 'writeText').mockResolvedValue()
  const { place } = render({ text: '```\ncode\n```' })
  const button = place.querySelector<HTMLButtonElement>('button[aria-label="Copy code"]')
  await act(async () => button?.click())
  expect(writeText).toHaveBeenCalledWith('code')
  expect(place.querySelector('[role=status]')?.textContent).toBe('Copied')
})
