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

// Appended text can change the last block (a paragraph becomes a heading) and, by finishing a half-typed line, be taken
// in by the one before it (`2` becomes `2.` and belongs to the list above). It reaches no further back.
const unstableBlocks = 2

/**
 * Cuts a growing Markdown text into top-level blocks. Given the result for an earlier version of the text, only its last
 * blocks are looked at again and all others are the same strings; any other text is cut from its start.
 */
export function splitBlocks(source: string, previous?: SplitText): SplitText {
  const text = source.includes('\r') ? source.replace(/\r\n?/g, '\n') : source
  if (previous?.text === text) return previous
  if (!previous || !text.startsWith(previous.text)) return { text, blocks: lexBlocks(text) }
  const stable = previous.blocks.slice(0, -unstableBlocks)
  const offset = stable.reduce((length, block) => length + block.length, 0)
  return { text, blocks: [...stable, ...lexBlocks(text.slice(offset))] }
}

function lexBlocks(text: string): string[] {
  const blocks: string[] = []
  let blank = ''
  for (const token of new Lexer(lexerOptions).blockTokens(text, []) as Token[]) {
    // Blank lines belong to the block before them, so that a block never begins with one.
    if (token.type !== 'space') blocks.push(blank + token.raw)
    else if (blocks.length > 0) blocks.push(blocks.pop() + token.raw)
    if (token.type === 'space' && blocks.length === 0) blank += token.raw
    else blank = ''
  }
  if (blank) blocks.push(blank)
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
