// The one table of errors: what scripts may rely on (code, exit code) and what a person needs (what to do next).

interface ErrorEntry {
  /** Process exit code. Groups: 2x refused, 3x run stopped or parked, 4x evidence failed, 64-77 as in sysexits.h. */
  exit: number
  /** Status of the HTTP API. */
  http: number
  /** True where the same command, typed again unchanged, may succeed. */
  retryable: boolean
  /** The next safe thing to do. `{release}` and `{namespace}` are filled in where known. */
  hint: string
}

function entry(exit: number, http: number, retryable: boolean, hint: string): ErrorEntry {
  return { exit, http, retryable, hint }
}

const RELEASE = '{release} -n {namespace}'

export const ERRORS = {
  // usage and input
  usage: entry(64, 400, false, 'See "pawl --help" or "pawl COMMAND --help".'),
  'input-invalid': entry(65, 400, false, 'Correct the named input and run the command again.'),
  'version-unparsable': entry(
    65,
    400,
    false,
    'Give the exact version of a release, for example 2026.3.9; "pawl plan" lists those it can see.',
  ),
  'confirmation-required': entry(64, 400, false, 'Add --yes after reading what --dry-run prints.'),
  // what is needed and is not there
  'helm-missing': entry(
    69,
    503,
    false,
    'Install Helm 4 (3.14 or newer works) so that "helm version" answers, then check with "pawl doctor".',
  ),
  'helm-unusable': entry(69, 503, false, 'Use another Helm build; "pawl doctor" says which one was found.'),
  'cluster-unreachable': entry(
    69,
    503,
    true,
    'Check --kubeconfig, --context and the network with "kubectl get ns", then repeat.',
  ),
  'cluster-refused': entry(77, 403, false, 'Ask for the named permission, or run the command as somebody who has it.'),
  'cluster-conflict': entry(
    75,
    409,
    true,
    'Somebody else changed the object at the same moment; run the command again.',
  ),
  'not-initialised': entry(69, 412, false, `Run "pawl init ${RELEASE}" first.`),
  'release-not-found': entry(65, 404, false, 'Check the release name and -n with "helm list -A".'),
  'product-unknown': entry(
    65,
    422,
    false,
    'Name the profile with --profile; "pawl doctor" lists those that are built in.',
  ),
  'database-unreachable': entry(
    69,
    503,
    true,
    'Check the database address and credentials the product itself uses, then repeat.',
  ),
  'database-rights': entry(
    77,
    403,
    false,
    'Grant the named right to the named role, or give Pawl an administrator through the profile.',
  ),
  'client-major-mismatch': entry(69, 422, false, "Use the data image whose PostgreSQL major is the server's own."),
  'store-unwritable': entry(73, 507, true, 'Check that the store exists and may be written, with "pawl doctor".'),
  'store-full': entry(
    73,
    507,
    true,
    'Make room in the store (or name another one with "pawl init --store"), then repeat.',
  ),
  'store-locked': entry(
    73,
    423,
    false,
    "The store's own retention or lock keeps the object; repeat when it has ended. Nothing is wrong with the backup set.",
  ),
  'store-unreadable': entry(74, 502, true, 'Check that the store can be reached and read, then repeat.'),
  'key-wrong': entry(
    40,
    422,
    false,
    'Put the identity back whose recipient the backup was encrypted to (Secret pawl-identity, or the one the Installation names).',
  ),
  'job-failed': entry(70, 500, true, 'Look at the named Job\'s pod ("kubectl describe"), then repeat.'),
  // images of a release, where a set is to hold them
  'registry-unreachable': entry(
    69,
    503,
    true,
    'Check the registry and the network, and --registry-ca, --registry-proxy and --registry-http, then repeat.',
  ),
  'registry-refused': entry(
    77,
    403,
    false,
    'Name a Secret with a login for the registry with --registry-login, then repeat.',
  ),
  'image-missing': entry(
    65,
    404,
    false,
    'Push the named image to its registry again, or name the platforms it has with --images; without --images a set holds none.',
  ),
  'image-damaged': entry(
    40,
    502,
    true,
    'Repeat; where the registry gives other bytes again, do not use its image: push the right one, or tell who runs the registry.',
  ),
  // refusals: nothing was changed
  'gate-refused': entry(20, 422, false, 'Do what the remedy of each refused gate says, then plan again.'),
  'gate-unaccepted': entry(21, 422, false, 'Read the named finding; if it is all right, repeat with --accept NAME.'),
  'target-unknown': entry(20, 404, false, 'Choose a release that the chart source has; "pawl plan" lists them.'),
  'target-older': entry(
    20,
    422,
    false,
    `Pawl only goes forward. To get back to the state before an upgrade: "pawl recover ${RELEASE}".`,
  ),
  'target-same': entry(20, 422, false, 'Nothing to do: this release is already installed.'),
  'target-unsupported': entry(20, 422, false, 'Choose a newer release, one that is still supported.'),
  'package-too-old': entry(20, 422, false, 'Get the newest customer package and pass its files with -f, in order.'),
  'release-pending': entry(20, 409, false, `Another Helm operation is unfinished; see "pawl status ${RELEASE}".`),
  'plan-changed': entry(
    20,
    409,
    false,
    'Plan again and read the difference: what was planned is no longer what would happen.',
  ),
  'floor-newer': entry(
    20,
    422,
    false,
    `Go forward to the release the database belongs to, or get an older state back with "pawl recover ${RELEASE}".`,
  ),
  'floor-lost': entry(
    20,
    422,
    false,
    `Find out who put the database there. Get the known state back with "pawl recover ${RELEASE}", or keep this one: "pawl guard install ${RELEASE} --accept-databases".`,
  ),
  'unknown-state': entry(22, 422, false, 'Find out what is named as unknown; Pawl does not go on from a guess.'),
  // customer packages: nothing was put in place
  'package-refused': entry(
    20,
    422,
    false,
    'Get the package of this installation from the vendor, and keep the installed one.',
  ),
  'package-not-found': entry(65, 404, false, '"pawl package list" shows the packages there are.'),
  'package-ambiguous': entry(65, 409, false, 'Name one of them with --version, spelt as it is listed.'),
  'package-access': entry(
    77,
    403,
    false,
    "Use the service account's key of the newest package you have; if it was revoked, ask the vendor for a new package.",
  ),
  'package-unreachable': entry(
    69,
    503,
    true,
    'Check the network and HTTPS_PROXY, then repeat: a download goes on where it stopped.',
  ),
  'package-changed': entry(75, 409, true, 'The vendor replaced the package meanwhile; run the command again.'),
  'package-damaged': entry(
    74,
    502,
    true,
    'What arrived is not the package; repeat, and tell the vendor if it stays so.',
  ),
  'output-unwritable': entry(
    73,
    507,
    true,
    'Make room or get the right to write there, or name another place with --to.',
  ),
  // one run, one owner
  'run-busy': entry(75, 409, true, `Follow it with "pawl runs watch ${RELEASE}".`),
  'run-unfinished': entry(
    75,
    409,
    false,
    `Go on with "pawl runs resume ${RELEASE}" or end it with "pawl runs abort ${RELEASE}".`,
  ),
  'run-not-found': entry(65, 404, false, `"pawl runs list ${RELEASE}" shows the runs there are.`),
  'run-past-point-of-no-return': entry(
    20,
    409,
    false,
    `The schema may have changed: go on with "pawl runs resume ${RELEASE}" or go back with "pawl recover ${RELEASE}".`,
  ),
  'fence-lost': entry(
    75,
    409,
    false,
    `Another process took this run over; watch it with "pawl runs watch ${RELEASE}".`,
  ),
  'run-stopped': entry(31, 409, true, `Go on with "pawl runs resume ${RELEASE}".`),
  'run-parked': entry(30, 409, false, `See "pawl runs show ${RELEASE}" for the one next step.`),
  // what went wrong inside a run
  'helm-failed': entry(
    30,
    502,
    false,
    `Read Helm's message above; then "pawl runs resume ${RELEASE}" or "pawl recover ${RELEASE}".`,
  ),
  'migration-failed': entry(
    30,
    502,
    false,
    `Send the migrator's last lines to the vendor; to get every row back: "pawl recover ${RELEASE}".`,
  ),
  'rollout-stuck': entry(
    30,
    504,
    false,
    `The new release does not become ready; to get back to the state before: "pawl recover ${RELEASE}".`,
  ),
  'writers-remain': entry(30, 504, true, `End the named pods or sessions, then "pawl runs resume ${RELEASE}".`),
  'writes-after-backup': entry(30, 409, false, `Find out who wrote; "pawl runs show ${RELEASE}" names the next step.`),
  'backup-failed': entry(40, 502, true, 'Nothing of the product was changed; repeat when the cause is gone.'),
  'backup-not-found': entry(65, 404, false, `"pawl backup list ${RELEASE}" shows the backup sets there are.`),
  'proof-mismatch': entry(
    40,
    422,
    false,
    'Do not rely on this backup set: take a new one, and keep this one for the vendor.',
  ),
  'backup-damaged': entry(
    40,
    422,
    false,
    'Do not rely on this backup set: its stored bytes are not those that were written.',
  ),
  // the guard
  'guard-not-installed': entry(69, 412, false, `Install it with "pawl guard install ${RELEASE}".`),
  'guard-unproven': entry(
    69,
    503,
    true,
    `See what is wrong with "pawl guard status ${RELEASE}", put it right with "pawl guard install ${RELEASE}", then repeat.`,
  ),
  internal: entry(70, 500, false, 'This is a fault in Pawl: please report it with the text above.'),
} as const satisfies Record<string, ErrorEntry>

export type ErrorCode = keyof typeof ERRORS

export interface PawlErrorInit {
  code: ErrorCode
  /** What happened, as "expected X, got Y" where that fits. No secrets. */
  message: string
  /** What was certainly not changed, in words; printed as its own line. */
  unchanged?: string
  /** Facts a program can use: names, numbers, versions. No secrets. */
  facts?: Record<string, unknown>
  /** A better next step than the table's, where the place that throws knows one. */
  hint?: string
  cause?: unknown
}

export class PawlError extends Error {
  readonly code: ErrorCode
  readonly unchanged: string | undefined
  readonly facts: Record<string, unknown>
  readonly #hint: string | undefined

  constructor(init: PawlErrorInit) {
    super(init.message, init.cause === undefined ? undefined : { cause: init.cause })
    this.name = 'PawlError'
    this.code = init.code
    this.unchanged = init.unchanged
    this.facts = init.facts ?? {}
    this.#hint = init.hint
  }
  get exitCode(): number {
    return ERRORS[this.code].exit
  }
  get retryable(): boolean {
    return ERRORS[this.code].retryable
  }
  /** The next safe command, with the release's name filled in where it is known. */
  get hint(): string {
    const text = this.#hint ?? ERRORS[this.code].hint
    const fill = (name: string): string =>
      typeof this.facts[name] === 'string' ? this.facts[name] : name.toUpperCase()
    return text.replaceAll('{release}', fill('release')).replaceAll('{namespace}', fill('namespace'))
  }
}

export function isPawlError(error: unknown, code?: ErrorCode): error is PawlError {
  return error instanceof PawlError && (code === undefined || error.code === code)
}

/** The plain form of any error for journals and JSON output: no stack, no secrets. */
export interface ErrorReport {
  code: ErrorCode
  message: string
  hint: string
  unchanged?: string
  facts: Record<string, unknown>
}

export function reportOf(error: unknown): ErrorReport {
  if (error instanceof PawlError) {
    const report: ErrorReport = { code: error.code, message: error.message, hint: error.hint, facts: error.facts }
    return error.unchanged === undefined ? report : { ...report, unchanged: error.unchanged }
  }
  const message = error instanceof Error ? error.message : String(error)
  return { code: 'internal', message, hint: ERRORS.internal.hint, facts: {} }
}

export function errorFromReport(report: ErrorReport): PawlError {
  return new PawlError({
    code: report.code in ERRORS ? report.code : 'internal',
    message: report.message,
    hint: report.hint,
    facts: report.facts,
    ...(report.unchanged === undefined ? {} : { unchanged: report.unchanged }),
  })
}
