const maxCharacters = 200

// Characters that turn the direction of writing around make `gpj.exe` read as `exe.jpg`; the rest break lines.
const unwanted = /[\p{Cc}\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]/gu

/** A name that is safe to show and to save under: no folder, no control or direction characters, 200 characters at most. */
export function cleanFileName(name: string): string {
  const base = name.toWellFormed().normalize('NFC').replaceAll(unwanted, '').split(/[/\\]/).at(-1)?.trim() ?? ''
  if (base === '' || base === '.' || base === '..') return 'file'
  const characters = [...base]
  if (characters.length <= maxCharacters) return base
  const ending = [...(/\.[^.]{1,20}$/.exec(base)?.[0] ?? '')]
  return [...characters.slice(0, maxCharacters - ending.length), ...ending].join('')
}

/** The value of `Content-Disposition` (RFC 6266), with the name in ASCII for old clients and in UTF-8 (RFC 8187). */
export function contentDisposition(kind: 'inline' | 'attachment', name: string): string {
  const ascii = name.replaceAll(/[^\x20-\x7e]|["\\%]/g, '_')
  const encoded = encodeURIComponent(name).replaceAll(
    /['()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  )
  return `${kind}; filename="${ascii}"; filename*=UTF-8''${encoded}`
}
