let browsers = 0

/**
 * A browser without a screen: keeps cookies by host, and follows redirects when told to. Each comes from an address of its
 * own, to a server that trusts 127.0.0.1 as its proxy.
 */
export class Browser {
  readonly #address = `198.51.${Math.floor(++browsers / 250)}.${(browsers % 250) + 1}`
  readonly #jars = new Map<string, Map<string, string>>()

  /** One request, with the cookies of its host. */
  async fetch(url: string, init: RequestInit = {}): Promise<Response> {
    const jar = this.jarOf(url)
    const cookie = [...jar].map(([name, value]) => `${name}=${value}`).join('; ')
    const from = { 'x-forwarded-for': this.#address }
    const headers = { ...from, ...(init.headers as Record<string, string>), ...(cookie === '' ? {} : { cookie }) }
    const response = await fetch(url, { ...init, headers, redirect: 'manual' })
    for (const line of response.headers.getSetCookie()) {
      const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(line) ?? []
      if (/max-age=0|expires=thu, 01 jan 1970/i.test(line)) jar.delete(name)
      else jar.set(name, value)
    }
    return response
  }

  /** Follows redirects until `stop` says so of the next address, or there is none. Answers the last address. */
  async follow(url: string, stop: (url: string) => boolean): Promise<{ url: string; response: Response | undefined }> {
    let next = url
    for (let hops = 0; hops < 20; hops++) {
      if (stop(next)) return { url: next, response: undefined }
      const response = await this.fetch(next)
      const location = response.headers.get('location')
      if (location === null) return { url: next, response }
      next = new URL(location, next).href
    }
    throw new Error(`too many redirects at ${next}`)
  }

  jarOf(url: string): Map<string, string> {
    const { host } = new URL(url)
    const jar = this.#jars.get(host) ?? new Map<string, string>()
    this.#jars.set(host, jar)
    return jar
  }
}
