import { Lexer, Marked, type Token } from 'marked'

/** A Markdown text cut into its top-level blocks; `blocks.join('')` is the text with line ends as `\n`. */
export interface SplitText {
  text: string
  blocks: string[]
}

// A paragraph that names link targets would let a later line change an earlier block, and the splitter needs no targets.
const lexerOptions = new Marked({
  tokenizer: { def: () => undefined },
  extensions: [
    {
      name: 'math',
      level: 'block',
      start: (src) => src.search(/(?<=\n) {0,3}(?:\$\$|\\\[)/),
      tokenizer: (src) => {
        const raw = matchMathBlock(src)
        return raw === undefined ? undefined : { type: 'math', raw }
      },
    },
  ],
}).defaults

// Appended text can change the last block (a paragraph becomes a heading) and, by finishing a half-typed line, what stands
// before it (`2` becomes `2.` and belongs to the list above). With a blank line between, it reaches no further back.
const unstableBlocks = 2
const endsBlank = /\n[ \t]*\n$/

/**
 * Cuts a growing Markdown text into top-level blocks. Given the result for an earlier version of the text, only its last
 * blocks are looked at again and all others are the same strings; any other text is cut from its start.
 */
export function splitBlocks(source: string, previous?: SplitText): SplitText {
  const text = source.includes('\r') ? source.replace(/\r\n?/g, '\n') : source
  if (previous?.text === text) return previous
  if (!previous || !text.startsWith(previous.text)) return { text, blocks: lexBlocks(text) }
  const stable = previous.blocks.slice(0, -unstableBlocks)
  while (stable.length > 0 && !endsBlank.test(stable.at(-1) ?? '')) stable.pop()
  const offset = stable.reduce((length, block) => length + block.length, 0)
  return { text, blocks: [...stable, ...lexBlocks(text.slice(offset))] }
}

function lexBlocks(text: string): string[] {
  const blocks: string[] = []
  let start = 0
  let end = 0
  for (const token of new Lexer(lexerOptions).blockTokens(text, []) as Token[]) {
    // Blank lines belong to the block before them. The lexer's own copy of the text is not exact; its lengths are.
    if (token.type !== 'space' && text.slice(start, end).trim()) {
      blocks.push(text.slice(start, end))
      start = end
    }
    end += token.raw.length
  }
  if (start < text.length) blocks.push(text.slice(start))
  return blocks
}

/** The display formula at the start of `src`: `$$ ... $$` or `\[ ... \]` on lines of their own, or still unclosed. */
function matchMathBlock(src: string): string | undefined {
  const closed =
    /^ {0,3}\$\$(?:(?!\$\$|\n[ \t]*\n)[\s\S])+\$\$[ \t]*(?:\n|$)/.exec(src) ??
    /^ {0,3}\$\$[ \t]*\n(?:(?!\n[ \t]*\$\$)[\s\S])*\n[ \t]*\$\$[ \t]*(?:\n|$)/.exec(src) ??
    /^ {0,3}\\\[[^\n]+\\\][ \t]*(?:\n|$)/.exec(src) ??
    /^ {0,3}\\\[[ \t]*\n(?:(?!\n[ \t]*\\\])[\s\S])*\n[ \t]*\\\][ \t]*(?:\n|$)/.exec(src)
  return closed?.[0] ?? (/^ {0,3}(?:\$\$|\\\[)[ \t]*\n/.test(src) ? src : undefined)
}
