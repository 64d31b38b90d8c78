import { type ChildProcess, spawn } from 'node:child_process'

/**
 * Reads `+ <pid>` and `- <pid>` until its input ends, which it does with our process, however that ended, and then kills
 * the process groups that are left. A shell, because it has to be small and to know nothing of us.
 */
const script = `
left=" "
while read -r sign pid; do
  case "$sign" in
    +) left="$left$pid " ;;
    -) case "$left" in *" $pid "*) left="\${left%% $pid *} \${left#* $pid }" ;; esac ;;
  esac
done
[ "$left" = " " ] || sleep 1
for pid in $left; do kill -9 "-$pid"; done 2>/dev/null
`

/** Makes process groups end with this process, even if it is killed. */
export class StopWithUs {
  #shell: ChildProcess | undefined
  readonly #groups = new Set<number>()

  add(group: number): void {
    this.#groups.add(group)
    if (!this.#shell) this.#start()
    else this.#write(`+ ${group}\n`)
  }

  remove(group: number): void {
    if (!this.#groups.delete(group)) return
    this.#write(`- ${group}\n`)
    if (this.#groups.size > 0) return
    this.#shell?.stdin?.end()
    this.#shell = undefined
  }

  #start(): void {
    const shell = spawn('/bin/sh', ['-c', script], { detached: true, stdio: ['pipe', 'ignore', 'ignore'], env: {} })
    // Without a shell there is still the end of each program's input, at which most of them end by themselves.
    shell.on('error', () => undefined)
    shell.stdin.on('error', () => undefined)
    shell.on('exit', () => {
      if (this.#shell === shell) this.#shell = undefined
    })
    shell.unref()
    ;(shell.stdin as unknown as { unref?: () => void }).unref?.()
    this.#shell = shell
    for (const group of this.#groups) this.#write(`+ ${group}\n`)
  }

  #write(line: string): void {
    if (this.#shell?.stdin?.writable) this.#shell.stdin.write(line)
  }
}

/** One for the whole process: it outlives the servers built in it. */
export const stopWithUs = new StopWithUs()
