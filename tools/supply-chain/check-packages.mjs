// What the packages would hold if they were packed: what is meant to be in them, and nothing that is for tests or for us.

/** What may be in each, by its folder. */
const meant = {
  'apps/server': [/^src\/(?!testing\/).*\.(ts|json)$/],
  'apps/web': [/^dist\//],
  'packages/contract': [/^src\/.*\.ts$/],
  'packages/sdk': [/^src\/.*\.ts$/],
  'packages/ui': [/^src\/.*\.(tsx?|css)$/, /^assets\//],
}
const always = [/^package\.json$/, /^README\.md$/, /^LICENSE$/]
const never = [
  [/\.test\.tsx?$|(^|\/)(e2e|testing|fixtures)\//, 'is for tests'],
  [/(^|\/)\.env($|\.)/, 'holds settings of this machine'],
  [/\.(pem|key|p12|pfx|jks)$|(^|\/)(id_(rsa|ed25519)|\.npmrc|\.netrc)$/, 'may be a secret'],
  [/(^|\/)(data|node_modules|\.git|\.cache)\//, 'is nothing of ours'],
  [/\.map$/, 'shows the sources'],
]

/** Every problem of what was packed, as a sentence. `packed`: `{ folder, files }[]`. */
export function packProblems(packed) {
  const problems = []
  for (const { folder, files } of packed) {
    const allowed = meant[folder]
    if (allowed === undefined) {
      problems.push(`${folder} is not to be packed. Say in check-packages.mjs what it may hold.`)
      continue
    }
    for (const file of files) {
      const [, why] = never.find(([pattern]) => pattern.test(file)) ?? []
      if (why) problems.push(`${folder}/${file} would be packed, and ${why}.`)
      else if (![...always, ...allowed].some((pattern) => pattern.test(file))) {
        problems.push(`${folder}/${file} would be packed, and is nothing that is meant to be. See check-packages.mjs.`)
      }
    }
    if (files.length <= 1) problems.push(`${folder} would be packed without anything in it.`)
  }
  return problems
}

/** Files of the repository that look like what must never be in one. `read` gives the text of a file. */
export function secretProblems(files, read) {
  const problems = []
  for (const file of files) {
    if (/(^|\/)\.env($|\.(?!example$))|\.(pem|p12|pfx|jks)$|(^|\/)id_(rsa|ed25519)$/.test(file)) {
      problems.push(`${file} is in the repository, and may be a secret.`)
    } else if (/\.(ts|tsx|mjs|cjs|js|json|md|ya?ml|sh)$/.test(file) && privateKey.test(read(file))) {
      problems.push(`${file} holds a private key.`)
    }
  }
  return problems
}

const privateKey = /-----BEGIN [A-Z ]*PRIVATE KEY-----\s+[A-Za-z0-9+/=]{40}/
