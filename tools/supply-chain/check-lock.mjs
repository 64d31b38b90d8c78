// What the lock file may hold: every package with its hash, from no address of its own, none that is known to be bad, and
// none that runs a script when it is installed, but those that are named with a reason.
import { packagesOf } from './lock-file.mjs'

/**
 * Every problem of a lock file, as a sentence. `scripts`: reasons by name; `allowed`: whom npm lets run theirs (`allowScripts`
 * in package.json); `bad`: `{ name, versions, why }[]`.
 */
export function lockProblems(lock, { scripts, allowed = scripts, bad }) {
  const problems = []
  const say = (name, { version }, what) => problems.push(`${name} ${version} ${what}`)
  const running = new Set()
  for (const { name, entry } of packagesOf(lock)) {
    if (!/^sha512-[A-Za-z0-9+/]{86}==$/.test(entry.integrity ?? '')) {
      say(name, entry, 'has no sha512 hash in package-lock.json. Install it anew, so that npm writes one.')
    }
    if (entry.resolved !== undefined) {
      say(name, entry, `is fetched from ${entry.resolved}. Packages come from the registry that is configured.`)
    }
    if (entry.hasInstallScript) {
      running.add(name)
      if (scripts[name] === undefined) {
        say(
          name,
          entry,
          'runs a script when it is installed. Do without it, or name it in install-scripts.json with a reason.',
        )
      }
    }
    for (const known of bad) {
      if (known.name !== name || !(known.versions.includes('*') || known.versions.includes(entry.version))) continue
      say(name, entry, `is known to be bad: ${known.why}`)
    }
  }
  for (const name of Object.keys(scripts)) {
    if (!running.has(name))
      problems.push(`${name} runs no script when it is installed. Take it out of install-scripts.json.`)
  }
  for (const name of new Set([...Object.keys(scripts), ...Object.keys(allowed)])) {
    if (name in scripts !== name in allowed) {
      problems.push(
        `${name} is in only one of install-scripts.json and allowScripts in package.json. They say the same.`,
      )
    }
  }
  return problems
}
