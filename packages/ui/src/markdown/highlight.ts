import type { LanguageFn } from 'highlight.js'
import { type ReactNode, useMemo } from 'react'
import { type Lazy, lazy, useLazy } from './lazy.ts'
import { markupToReact } from './markup.ts'

type LanguageModule = Promise<{ default: LanguageFn }>

const languages: Record<string, () => LanguageModule> = {
  bash: () => import('highlight.js/lib/languages/bash'),
  c: () => import('highlight.js/lib/languages/c'),
  cpp: () => import('highlight.js/lib/languages/cpp'),
  csharp: () => import('highlight.js/lib/languages/csharp'),
  css: () => import('highlight.js/lib/languages/css'),
  dart: () => import('highlight.js/lib/languages/dart'),
  diff: () => import('highlight.js/lib/languages/diff'),
  dockerfile: () => import('highlight.js/lib/languages/dockerfile'),
  elixir: () => import('highlight.js/lib/languages/elixir'),
  go: () => import('highlight.js/lib/languages/go'),
  graphql: () => import('highlight.js/lib/languages/graphql'),
  haskell: () => import('highlight.js/lib/languages/haskell'),
  ini: () => import('highlight.js/lib/languages/ini'),
  java: () => import('highlight.js/lib/languages/java'),
  javascript: () => import('highlight.js/lib/languages/javascript'),
  json: () => import('highlight.js/lib/languages/json'),
  kotlin: () => import('highlight.js/lib/languages/kotlin'),
  latex: () => import('highlight.js/lib/languages/latex'),
  lua: () => import('highlight.js/lib/languages/lua'),
  makefile: () => import('highlight.js/lib/languages/makefile'),
  markdown: () => import('highlight.js/lib/languages/markdown'),
  nginx: () => import('highlight.js/lib/languages/nginx'),
  perl: () => import('highlight.js/lib/languages/perl'),
  php: () => import('highlight.js/lib/languages/php'),
  powershell: () => import('highlight.js/lib/languages/powershell'),
  python: () => import('highlight.js/lib/languages/python'),
  r: () => import('highlight.js/lib/languages/r'),
  ruby: () => import('highlight.js/lib/languages/ruby'),
  rust: () => import('highlight.js/lib/languages/rust'),
  scala: () => import('highlight.js/lib/languages/scala'),
  shell: () => import('highlight.js/lib/languages/shell'),
  sql: () => import('highlight.js/lib/languages/sql'),
  swift: () => import('highlight.js/lib/languages/swift'),
  typescript: () => import('highlight.js/lib/languages/typescript'),
  xml: () => import('highlight.js/lib/languages/xml'),
  yaml: () => import('highlight.js/lib/languages/yaml'),
}

const otherNames: Record<string, string> = {
  'c#': 'csharp',
  'c++': 'cpp',
  cjs: 'javascript',
  console: 'shell',
  cs: 'csharp',
  docker: 'dockerfile',
  ex: 'elixir',
  golang: 'go',
  gql: 'graphql',
  hs: 'haskell',
  htm: 'xml',
  html: 'xml',
  js: 'javascript',
  json5: 'json',
  jsonc: 'json',
  jsx: 'javascript',
  kt: 'kotlin',
  make: 'makefile',
  md: 'markdown',
  mjs: 'javascript',
  mts: 'typescript',
  patch: 'diff',
  ps1: 'powershell',
  py: 'python',
  rb: 'ruby',
  rs: 'rust',
  sh: 'bash',
  svg: 'xml',
  tex: 'latex',
  toml: 'ini',
  ts: 'typescript',
  tsx: 'typescript',
  vue: 'xml',
  yml: 'yaml',
  zsh: 'bash',
}

type Highlighter = (code: string) => ReactNode[]

const highlighters = new Map<string, Lazy<Highlighter>>()

// Colour is a help for reading; beyond this it costs more than it gives.
const longestHighlighted = 60_000

/**
 * The code as coloured elements once its language is loaded, else the code itself. While the code is still growing its last
 * line stays plain, so that the work is done once a line and not once a token.
 */
export function useHighlighted(code: string, language: string, growing: boolean): ReactNode {
  const highlight = useLazy(code.length > longestHighlighted ? undefined : highlighterFor(language))
  const finished = growing ? code.slice(0, code.lastIndexOf('\n') + 1) : code
  const coloured = useMemo(() => highlight?.(finished), [highlight, finished])
  if (!coloured) return code
  return [...coloured, code.slice(finished.length)]
}

/** The loader of a language by any of its names; nothing for languages that are shown plain. Never guesses. */
export function highlighterFor(name: string): Lazy<Highlighter> | undefined {
  const language = otherNames[name.toLowerCase()] ?? name.toLowerCase()
  const loadLanguage = Object.hasOwn(languages, language) ? languages[language] : undefined
  if (!loadLanguage) return undefined
  let highlighter = highlighters.get(language)
  if (!highlighter) {
    highlighter = lazy(async () => {
      const [core, grammar] = await Promise.all([import('highlight.js/lib/core'), loadLanguage()])
      core.default.registerLanguage(language, grammar.default)
      return (code) => markupToReact(core.default.highlight(code, { language, ignoreIllegals: true }).value)
    })
    highlighters.set(language, highlighter)
  }
  return highlighter
}
