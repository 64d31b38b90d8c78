/** What a form says, nested as its names are: `items[0][price]=x`. */
export interface Form {
  [name: string]: string | Form
}

/** Reads a body or query as Stripe does. */
export function readForm(text: string): Form {
  const form: Form = {}
  for (const [name, value] of new URLSearchParams(text)) {
    const [first = '', ...rest] = name.split('[').map((part) => part.replace(/\]$/, ''))
    let place = form
    let key = first
    for (const part of rest) {
      const inner = place[key]
      const next: Form = typeof inner === 'object' ? inner : {}
      place[key] = next
      place = next
      key = part
    }
    place[key] = value
  }
  return form
}
