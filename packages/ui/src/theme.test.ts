import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'

const css = readFileSync(new URL('./theme.css', import.meta.url), 'utf8')
const tokens = new Map<string, { light: string; dark: string }>()
for (const [, name = '', light = '', dark = ''] of css.matchAll(
  /--color-([\w-]+): light-dark\((#\w{6}), (#\w{6})\)/g,
)) {
  tokens.set(name, { light, dark })
}

/** Relative luminance and contrast as WCAG 2.2 defines them. */
function luminance(hex: string): number {
  const [red = 0, green = 0, blue = 0] = [1, 3, 5].map((start) => {
    const channel = Number.parseInt(hex.slice(start, start + 2), 16) / 255
    return channel <= 0.04045 ? channel / 12.92 : ((channel + 0.055) / 1.055) ** 2.4
  })
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue
}

function contrast(a: string, b: string): number {
  const [light = 0, dark = 0] = [luminance(a), luminance(b)].sort((x, y) => y - x)
  return (light + 0.05) / (dark + 0.05)
}

const grounds = ['bg', 'surface', 'raised', 'sunken']
const code = ['text', 'comment', 'keyword', 'string', 'number', 'title', 'type', 'attribute', 'meta'].map(
  (n) => `code-${n}`,
)
const pairs: [text: string, ground: string, ratio: number][] = [
  ...['text', 'text-muted', 'text-faint', 'accent', 'accent-hover', 'danger', 'warning', 'success'].flatMap((text) =>
    grounds.map((ground) => [text, ground, 4.5] as [string, string, number]),
  ),
  ...['accent-soft', 'highlight-soft', 'danger-soft', 'warning-soft', 'success-soft', 'code-bg'].flatMap((ground) =>
    ['text', 'text-muted'].map((text) => [text, ground, 4.5] as [string, string, number]),
  ),
  ['accent', 'accent-soft', 4.5],
  ['danger', 'danger-soft', 4.5],
  ['warning', 'warning-soft', 4.5],
  ['success', 'success-soft', 4.5],
  ['accent-contrast', 'accent', 4.5],
  ['accent-contrast', 'accent-hover', 4.5],
  ['danger-contrast', 'danger', 4.5],
  ['danger-contrast', 'danger-hover', 4.5],
  ['bg', 'text', 4.5],
  ...code.map((text) => [text, 'code-bg', 4.5] as [string, string, number]),
  // Edges of controls, and the ring of focus, are not text: 3:1.
  ...grounds.flatMap((ground) =>
    ['border-strong', 'focus', 'highlight'].map((edge) => [edge, ground, 3] as [string, string, number]),
  ),
]

test.each(pairs)('%s on %s has a contrast of at least %f', (text, ground, ratio) => {
  for (const scheme of ['light', 'dark'] as const) {
    const [front, back] = [tokens.get(text)?.[scheme], tokens.get(ground)?.[scheme]]
    expect(front && back, `${text} and ${ground} are in theme.css`).toBeTruthy()
    expect(contrast(front ?? '', back ?? ''), `${scheme}: ${front} on ${back}`).toBeGreaterThanOrEqual(ratio)
  }
})

test('every colour that Tailwind is told of exists', () => {
  const [, theme = ''] = css.split('@theme inline reference')
  for (const [, name = ''] of theme.matchAll(/var\((--[\w-]+)\)/g)) expect(css).toMatch(new RegExp(`^  ${name}:`, 'm'))
})
