// Signs in so often a second, with browsers in many places, the same ones again and again: `node sign-in-people.ts <port>
// <per second>`; told a number, that many times.
import { setTimeout as sleep } from 'node:timers/promises'

const [port, perSecond] = process.argv.slice(2).map(Number) as [number, number]
const browsers = 50
let signIns = 0

process.on('message', async (count: number) => {
  const times: Promise<number>[] = []
  const begun = performance.now()
  for (let sent = 0; sent < count; sent += 1) {
    await sleep(Math.max(0, begun + (sent * 1000) / perSecond - performance.now()))
    const signingIn = signIn()
    signingIn.catch(() => {}) // told below
    times.push(signingIn)
  }
  const settled = await Promise.allSettled(times)
  const failed = settled.find((each) => each.status === 'rejected')
  process.send?.(failed ? String(failed.reason) : settled.map((each) => each.status === 'fulfilled' && each.value))
})

async function signIn(): Promise<number> {
  const browser = signIns++ % browsers
  const begun = performance.now()
  const answer = await fetch(`http://127.0.0.1:${port}/api/v1/auth/login`, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      'x-forwarded-for': `198.51.100.${browser}`,
      cookie: `parley_browser=${String(browser).padStart(43, '0')}`,
    },
    body: JSON.stringify({ email: 'bench@example.com', password: 'a long bench password' }),
  })
  const text = await answer.text()
  if (!answer.ok) throw new Error(`a sign-in was refused: ${answer.status} ${text}`)
  return performance.now() - begun
}
