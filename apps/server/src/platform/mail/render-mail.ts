import { escapeHtml, type Line, markUp, plain } from './line.ts'

/** What a mail says; `renderMail` gives it its looks. */
export interface MailContent {
  subject: Line
  /** What inboxes show beside the subject. Default: the first paragraph. */
  preview?: Line
  title: Line
  /** Paragraphs, a button, a small table; in this order. */
  body: (Line | MailButton | MailFacts)[]
  /** Why the mail came, and what to do if it was not meant; small print. */
  footer: Line[]
  /** BCP 47; also decides the direction. Default `en`. */
  language?: string
}

interface MailButton {
  button: string
  url: string
}

interface MailFacts {
  facts: [label: string, value: Line][]
}

export interface RenderedMail {
  subject: string
  text: string
  html: string
}

const rightToLeft = new Set(['ar', 'dv', 'fa', 'he', 'ku', 'ps', 'sd', 'ug', 'ur', 'yi'])

/** A mail as text and as HTML, each complete by itself. The HTML loads nothing, and reads well in light and dark. */
export function renderMail(content: MailContent): RenderedMail {
  // A mark of direction shows as a box in some lists of mails.
  return { subject: plain(content.subject, { isolate: false }), text: asText(content), html: asHtml(content) }
}

function asText({ title, body, footer }: MailContent): string {
  const blocks = body.map((block) => {
    if ('button' in block) return `${block.button}:\n${block.url}`
    if ('facts' in block) return block.facts.map(([label, value]) => `${label}: ${plain(value)}`).join('\n')
    return plain(block)
  })
  return `${[plain(title), ...blocks, '-- ', ...footer.map((each) => plain(each))].join('\n\n')}\n`
}

function asHtml({ subject, preview, title, body, footer, language = 'en' }: MailContent): string {
  const direction = rightToLeft.has(new Intl.Locale(language).language) ? 'rtl' : 'ltr'
  const firstWords = preview ?? body.find((block): block is Line => Array.isArray(block)) ?? []
  return `<!doctype html>
<html lang="${escapeHtml(language)}" dir="${direction}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<meta name="color-scheme" content="light dark">
<meta name="supported-color-schemes" content="light dark">
<title>${escapeHtml(plain(subject, { isolate: false }))}</title>
<style>${darkStyle}</style>
</head>
<body class="page" style="margin:0;padding:0;${styles.page}">
<div style="display:none;max-height:0;overflow:hidden;opacity:0">${markUp(firstWords)}</div>
<table role="presentation" class="page" width="100%" cellpadding="0" cellspacing="0" border="0" dir="${direction}" style="${styles.page}">
<tr><td align="center" style="padding:32px 16px">
<table role="presentation" width="100%" cellpadding="0" cellspacing="0" border="0" style="max-width:560px">
<tr><td class="name" style="padding:0 4px 16px;${styles.name}">Parley</td></tr>
<tr><td class="card" style="padding:32px;${styles.card}">
<h1 class="text" style="margin:0 0 16px;${styles.title}">${markUp(title)}</h1>
${body.map(asBlock).join('\n')}
</td></tr>
<tr><td style="padding:20px 4px 0">
${footer.map((each) => `<p class="faint" style="margin:0 0 8px;${styles.faint}">${markUp(each)}</p>`).join('\n')}
</td></tr>
</table>
</td></tr>
</table>
</body>
</html>
`
}

function asBlock(block: MailContent['body'][number]): string {
  if ('button' in block) return asButton(block)
  if ('facts' in block) {
    const rows = block.facts.map(
      ([label, value]) =>
        `<tr><td class="faint" style="padding:4px 16px 4px 0;${styles.faint}">${escapeHtml(label)}</td><td class="text" style="padding:4px 0;${styles.text}">${markUp(value)}</td></tr>`,
    )
    return `<table role="presentation" cellpadding="0" cellspacing="0" border="0" style="margin:0 0 16px">${rows.join('')}</table>`
  }
  return `<p class="text" style="margin:0 0 16px;${styles.text}">${markUp(block)}</p>`
}

function asButton({ button, url }: MailButton): string {
  if (!/^https?:\/\//.test(url)) throw new Error('A button in a mail leads to a web page.')
  const href = escapeHtml(url)
  return `<table role="presentation" cellpadding="0" cellspacing="0" border="0" style="margin:8px 0 24px"><tr>
<td class="button" bgcolor="#0e5a4c" style="border-radius:10px;background-color:#0e5a4c"><a class="button" href="${href}" style="display:inline-block;padding:14px 28px;border-radius:10px;${styles.button}">${escapeHtml(button)}</a></td>
</tr></table>
<p class="faint" style="margin:0 0 4px;${styles.faint}">If the button does not work, open this address:</p>
<p class="faint" style="margin:0 0 16px;word-break:break-all;${styles.faint}"><a class="link" dir="ltr" href="${href}" style="color:#0e5a4c">${href}</a></p>`
}

const sans = "font-family:system-ui,-apple-system,'Segoe UI',Roboto,'Noto Sans',Arial,sans-serif"
const serif = "font-family:'Iowan Old Style',Palatino,'Palatino Linotype','Noto Serif',Georgia,serif"

// The colours of packages/ui's theme. Inline for the light look: many mail programs read nothing else.
const styles = {
  page: 'background-color:#f5f0e6',
  name: `${serif};font-size:22px;font-weight:600;color:#0e5a4c`,
  card: 'background-color:#fffdf9;border:1px solid #ddd4c2;border-radius:16px',
  title: `${serif};font-size:26px;line-height:1.25;font-weight:600;color:#1d2a28`,
  text: `${sans};font-size:16px;line-height:1.55;color:#1d2a28`,
  faint: `${sans};font-size:13px;line-height:1.5;color:#5d665f`,
  button: `${sans};font-size:16px;font-weight:600;color:#fffdf9;text-decoration:none`,
}

const darkRules = [
  ['.page', 'background-color:#0e1819'],
  ['.name', 'color:#74cbb0'],
  ['.card', 'background-color:#1a2b2c;border-color:#284041'],
  ['.text', 'color:#ece6d9'],
  ['.faint', 'color:#94a39d'],
  ['td.button', 'background-color:#74cbb0'],
  ['a.button', 'color:#06231c'],
  ['.link', 'color:#74cbb0'],
] as const

const darkStyle = `:root{color-scheme:light dark;supported-color-schemes:light dark}@media (prefers-color-scheme:dark){${darkRules
  .map(([selector, rule]) => `${selector}{${rule.replaceAll(';', ' !important;')} !important}`)
  .join('')}}`
