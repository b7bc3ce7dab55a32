// Which Helm this is, and whether it may be used.
import { PawlError } from '../../core/errors.ts'
import type { HelmVersion } from '../../ports/helm.ts'

/** Builds that must not be used, with the reason. */
const UNUSABLE: Record<string, string> = {
  // helm/helm#32214 (hangs waiting for deletes) and #32224 (hooks never created); reverted in 4.2.2.
  '4.2.1': 'it can hang in hooks or skip them; 4.2.2 and newer are all right',
}

/** Reads `v4.3.1`, `v3.22.0+g1234567`, or `v4.3` of a build from source. Throws `helm-unusable`. */
export function checkVersion(printed: string): HelmVersion {
  const text = printed.trim()
  const match = /^v(\d+)\.(\d+)(?:\.(\d+))?(?:[-+].*)?$/.exec(text)
  if (match === null) throw unusable(`"helm version" printed "${text.slice(0, 80)}", which is no version`)
  const [, major, minor, patch] = match
  const version: HelmVersion = {
    version: text.slice(1),
    major: Number(major),
    minor: Number(minor),
    patch: Number(patch ?? 0),
  }
  if (version.major < 3 || (version.major === 3 && version.minor < 14))
    throw unusable(`Helm ${text} is older than 3.14`)
  for (const [build, reason] of Object.entries(UNUSABLE)) {
    if (version.version.split(/[-+]/)[0] === build) throw unusable(`Helm ${text} must not be used: ${reason}`)
    // A build from source does not say its patch number: it might be the bad one.
    if (patch === undefined && build.startsWith(`${major}.${minor}.`))
      throw unusable(`Helm ${text} does not say whether it is ${build}: ${reason}`)
  }
  return version
}

function unusable(message: string): PawlError {
  return new PawlError({ code: 'helm-unusable', message: `${message}.` })
}
