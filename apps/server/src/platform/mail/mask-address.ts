/** `a***@e***.com`: enough for an operator to recognise an address they know, too little to learn one from a log. */
export function maskAddress(address: string): string {
  const [, local = '', domain = ''] = /^(.*)@(.*)$/.exec(address) ?? []
  const ending = domain.includes('.') ? domain.slice(domain.lastIndexOf('.')) : ''
  return `${[...local][0] ?? ''}***@${[...domain][0] ?? ''}***${ending}`
}

/** The text with every address in it masked. */
export function maskAddresses(text: string): string {
  return text.replace(/[^\s<>"'(),:;]+@[^\s<>"'(),:;]+/g, maskAddress)
}
