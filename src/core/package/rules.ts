// What Pawl knows of a vendor's customer packages, as data: where they lie, how they are named, what is in them.

/** For which kind of installation a package is. */
export type PackageMode = 'k8s' | 'docker'

export interface PackageFile {
  name: string
  /** `yaml`: Helm values. `env`: lines of NAME=VALUE. `key`: the service account's key as Google writes it. */
  form: 'yaml' | 'env' | 'key'
  /** Nothing of such a file is ever shown. */
  secret: boolean
}

/** Where the service account's key is: a value that is given in the file or by reference to a Secret, or a file of its own. */
export type KeyPlace = { value: string; existingSecret: string } | { file: string }

/** The places below are paths into the files' values taken together, right-most file on top. */
export interface PackageForm {
  /** Exactly these, in the order in which they are passed on. */
  files: PackageFile[]
  tenant: string
  project: string
  /** Dotted, as the values write it. */
  version: string
  key: KeyPlace
  /** What may never change from one package to the next; absent where it is the profile's `immutableValues`. */
  immutable?: string[]
  /** Of a secret file only these may be shown. */
  shown?: string[]
}

export interface PackageRules {
  /** `{project}` is filled in. */
  bucket: string
  /** `{mode}` and `{client}` are filled in; the version with dashes and `.zip` follow. */
  object: string
  /** What a tenant's id begins with and the name in the bucket leaves out. */
  tenantPrefix: string
  forms: Record<PackageMode, PackageForm>
}
