// What Pawl knows of a product, as data. Texts marked CEL are expressions over `release`, `values`, `chart` (see cel.ts).

/** A CEL expression; its result type is in the comment of the field. */
export type Cel = string

/** Where the running release itself says which database it uses (name: CEL string; the rest: literal key names). */
export interface EvidenceRule {
  configMap: Cel
  host: string
  port: string
  database: string
  user: string
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
  /** CEL string: name of the Secret and of the key with the password. */
  passwordSecret: Cel
  passwordKey: Cel
  /** CEL; an empty user means that there is no administrator login. */
  admin?: { user: Cel; database: Cel; passwordSecret: Cel; passwordKey: Cel }
  /** CEL string: `disable` or `require`. */
  tls: Cel
  /** ConfigMaps of the live release that must say the same; the first one that has all the keys counts. */
  evidence?: EvidenceRule[]
  migrations: { table: string; column: string }
  /** CEL string over `chart.annotations`: last migration the release expects; empty where the chart does not say. */
  expected: Cel
  /** Who applies the migrations. */
  migrator: { kind: 'init-container'; deployment: Cel; container: string } | { kind: 'deployment'; deployment: Cel }
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
  /** CEL string: version of the customer package in the values; and chart annotation with the floor for it. */
  package?: { version: Cel; minVersionAnnotation: string }
  /** ConfigMap (CEL name) and key of the live release that name the running appVersion. */
  runningVersion?: { configMap: Cel; key: string }
  databases: DatabaseRule[]
  /** Value paths that make the chart run no pod: staged before the migrations run alone. */
  quiescedValues: { path: string; value: number | boolean }[]
  /** Value paths that must be the same before and after (keys that decrypt data, tenant id). */
  immutableValues: string[]
  support?: { contact: string }
  /** What the vendor asks of the surroundings: refused below `minor` of Kubernetes 1, warned below `warnMinor`. */
  needs?: { kubernetes?: { minor: number; warnMinor: number }; postgresMajor?: number }
}
