// The Helm port on the real program.
import { PawlError, type ErrorCode } from '../../core/errors.ts'
import type { Helm, HelmVersion, Rendered } from '../../ports/helm.ts'
import { renderArgv, upgradeArgv, versionArgv, type HelmConnection } from './argv.ts'
import { helmEnvironment, withPrivateHome } from './environment.ts'
import { redact, secretsIn } from './redact.ts'
import { readWithHelm, writeWithHelm, type HelmOutcome } from './run.ts'
import { checkVersion } from './version.ts'

export interface HelmOptions extends HelmConnection {
  /** Name or path of the program; `helm` where absent. */
  program?: string
  env?: NodeJS.ProcessEnv
}

export function helmProgram(options: HelmOptions = {}): Helm {
  const { program = 'helm', env = process.env, ...connection } = options
  let known: Promise<HelmVersion> | undefined

  async function version(signal?: AbortSignal): Promise<HelmVersion> {
    const outcome = await withPrivateHome((home) =>
      readWithHelm({ program, args: versionArgv(), env: helmEnvironment(env, home), home, signal }),
    )
    if (!outcome.ok) throw failure(outcome, [], 'helm-unusable')
    return checkVersion(outcome.stdout)
  }

  /** A build that must not be used is refused before it does anything, once per process. */
  async function checked(signal?: AbortSignal): Promise<void> {
    known ??= version(signal)
    await known.catch((error: unknown) => {
      known = undefined
      throw error
    })
  }

  return {
    version,
    upgrade: async (request, signal) => {
      const args = upgradeArgv(request, connection)
      await checked(signal)
      const secrets = await secretsIn(request.valuesPaths)
      const outcome = await withPrivateHome((home) =>
        writeWithHelm({ program, args, env: helmEnvironment(env, home), home, signal }),
      )
      if (outcome.ok) return
      signal?.throwIfAborted()
      throw failure(outcome, secrets, 'helm-failed')
    },
    render: async (request, signal) => {
      const args = renderArgv(request, connection)
      await checked(signal)
      const secrets = await secretsIn(request.valuesPaths)
      const outcome = await withPrivateHome((home) =>
        readWithHelm({ program, args, env: helmEnvironment(env, home), home, signal }),
      )
      if (!outcome.ok) throw failure(outcome, secrets, isRefusal(outcome.stderr) ? 'input-invalid' : 'helm-failed')
      return renderedFrom(outcome.stdout)
    },
  }
}

/** What Helm says before it has written anything, with the code it becomes. */
const BEFORE_ANY_WRITE: [pattern: RegExp, code: ErrorCode][] = [
  [/another operation \(install\/upgrade\/rollback\) is in progress/, 'release-pending'],
  [/has no deployed releases|release: not found/, 'release-not-found'],
  [/Kubernetes cluster unreachable/i, 'cluster-unreachable'],
]

function failure(outcome: HelmOutcome, secrets: string[], otherwise: ErrorCode): PawlError {
  const message = redact(errorIn(outcome.stderr), secrets)
  const early = BEFORE_ANY_WRITE.find(([pattern]) => pattern.test(message))
  const code = early?.[1] ?? otherwise
  const unchanged = early === undefined && otherwise === 'helm-failed' ? {} : { unchanged: 'Helm changed nothing.' }
  return new PawlError({ code, message: `Helm: ${message}`, ...unchanged })
}

/** From the last line that begins with "Error:"; Helm 4 prints warnings before it. */
function errorIn(stderr: string): string {
  const at = Math.max(stderr.lastIndexOf('\nError: ') + 1, stderr.startsWith('Error: ') ? 0 : -1)
  const text = stderr.slice(Math.max(at, 0)).trim()
  return text === '' ? 'ended without saying why' : text.replace(/^Error: /, '')
}

/** The chart or its schema does not accept these values. */
function isRefusal(stderr: string): boolean {
  return /execution error at|values don't meet the specifications|template: |error converting YAML to JSON|failed to parse|chart requires kubeVersion|unable to build kubernetes objects/.test(
    stderr,
  )
}

interface ReleaseJson {
  manifest?: string
  hooks?: { path?: string; manifest?: string }[]
  info?: { notes?: string }
}

function renderedFrom(stdout: string): Rendered {
  const release = parseRelease(stdout)
  const hooks = (release.hooks ?? []).map(
    ({ path = '', manifest = '' }) => `---\n# Source: ${path}\n${manifest.trim()}\n`,
  )
  return { manifest: release.manifest ?? '', hooks: hooks.join(''), notes: release.info?.notes ?? '' }
}

function parseRelease(stdout: string): ReleaseJson {
  try {
    return JSON.parse(stdout) as ReleaseJson
  } catch {
    // The parser's message would quote the output, values and all.
    throw new PawlError({ code: 'helm-failed', message: 'Helm did not print the rendered release as JSON.' })
  }
}
