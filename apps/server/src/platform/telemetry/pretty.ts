import { styleText } from 'node:util'

const levels: Record<number, string> = {
  10: styleText('gray', 'trace'),
  20: styleText('gray', 'debug'),
  30: styleText('green', 'info '),
  40: styleText('yellow', 'warn '),
  50: styleText('red', 'error'),
  60: styleText('red', 'fatal'),
}

/** A JSON log line as people like to read it: time, level, sentence, the rest; the stack of an error below. */
export function prettyLine(line: string): string {
  const { level, time, msg, err, ...rest } = JSON.parse(line) as {
    level: number
    time: number
    msg?: string
    err?: { stack?: string; message?: string }
  } & Record<string, unknown>
  const clock = styleText('gray', new Date(time).toTimeString().slice(0, 8))
  const details = Object.entries(rest)
    .map(([key, value]) => `${key}=${typeof value === 'string' ? value : JSON.stringify(value)}`)
    .join(' ')
  const stack = err ? `\n${err.stack ?? err.message}` : ''
  return `${clock} ${levels[level] ?? level} ${msg ?? ''}${details ? ` ${styleText('gray', details)}` : ''}${stack}\n`
}
