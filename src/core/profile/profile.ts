// What Pawl knows of a product, as data. Texts marked CEL are expressions over `release`, `values`, `chart` (see cel.ts).
import type { PackageRules } from '../package/rules.ts'
import type { TrapRule } from './traps.ts'

/** A CEL expression; its result type is in the comment of the field. */
export type Cel = string

/**
 * Where the running release itself is told which database it uses: variables of one container's environment, which a
 * ConfigMap of the chart sets. `when`: CEL bool, always where absent; names of objects: CEL string; the rest as it is.
 */
export interface EvidenceRule {
  when?: Cel
  configMap: Cel
  container: { deployment: Cel; name: string }
  host: string
  port: string
  database: string
  user: string
  password?: string
  /** `true` or `require` where the connection is encrypted. */
  tls?: string
  /**
   * Section of the values through which a user may set variables of that container over the chart's own, by the names
   * bitnami gave such values: `existingConfigMap`, `existingSecret`, `extraEnvVarsCM`, `extraEnvVarsSecret`, `extraEnvVars`.
   */
  overrides?: string
}

export interface DatabaseRule {
  /** Name used in messages, backup sets and options, for example `ledger`. */
  role: string
  /** CEL bool: is this database part of the installation? */
  when: Cel
  /** CEL string / int / string / string. */
  host: Cel
  port: Cel
  database: Cel
  user: Cel
  /** CEL string: name of the Secret and of the key with the password; empty where there is no password. */
  passwordSecret: Cel
  passwordKey: Cel
  /** CEL; an empty user means that there is no administrator login. */
  admin?: { user: Cel; database: Cel; passwordSecret: Cel; passwordKey: Cel }
  /** CEL string: `disable` or `require`. */
  tls: Cel
  /** CEL strings: further Secrets whose holders can write to it, empty where there is none. */
  otherCredentials?: Cel[]
  /** What must say the same in the live release; the first whose `when` holds counts. */
  evidence?: EvidenceRule[]
  migrations: { table: string; column: string }
  /** CEL string over `chart.annotations`: last migration the release expects; empty where the chart does not say. */
  expected: Cel
  /** Who applies the migrations. */
  migrator: { kind: 'init-container'; deployment: Cel; container: string } | { kind: 'deployment'; deployment: Cel }
}

/** Whom to ask when something broke, and what they will ask for first. */
export interface SupportRule {
  contact: string
  /** Label of the Secrets that hold the vendor's own preflight and support-bundle specifications. */
  bundleLabel?: string
  /** Containers whose logs the vendor asks for (deployment: CEL string). */
  logs?: { deployment: Cel; container: string }[]
  /** The value that makes the product tell more; setting it is an upgrade of its own. */
  debug?: { path: string; value: string }
}

export interface Profile {
  name: string
  title: string
  /** A release belongs to this product when its chart has this name. */
  chart: string
  versionScheme: 'calver' | 'semver'
  lifecycle: { supportMonths: number; warnDays: number }
  /** CEL string. */
  fullname: Cel
  /** CEL strings: names that do not follow from `fullname`, such as those of dependencies. */
  names?: Record<string, Cel>
  /** CEL string: version of the customer package in the values; and chart annotation with the floor for it. */
  package?: { version: Cel; minVersionAnnotation: string }
  /** Where the vendor keeps the customers' packages, and what is in them; absent where there are none. */
  packages?: PackageRules
  /** ConfigMap (CEL name) and key of the live release that name the running appVersion. */
  runningVersion?: { configMap: Cel; key: string }
  databases: DatabaseRule[]
  /** Value paths that make the chart run no pod: staged before the migrations run alone. */
  quiescedValues: { path: string; value: number | boolean }[]
  /** Value paths that must be the same before and after (keys that decrypt data, tenant id). */
  immutableValues: string[]
  support?: SupportRule
  /** What is known to go wrong, in the order in which people read it (see traps.ts). */
  traps?: TrapRule[]
  /** Parts of the product that values switch on and off, as status shows them. CEL bool. */
  features?: { name: string; when: Cel }[]
  /** What an upgrade asks for where Pawl cannot look, one sentence each: every plan says it again. */
  reminders?: string[]
  /** What the vendor asks of the surroundings: refused below `minor` of Kubernetes 1, warned below `warnMinor`. */
  needs?: {
    kubernetes?: { minor: number; warnMinor: number }
    postgresMajor?: number
    /** Extensions that the product's migrations use, by role of the database. */
    extensions?: Record<string, string[]>
  }
}
