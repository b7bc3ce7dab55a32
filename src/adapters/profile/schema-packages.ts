// The form of what a profile says of a vendor's customer packages.
import { z } from 'zod'
import type { PackageForm, PackageRules } from '../../core/package/rules.ts'

const text = z.string().min(1)
const path = text.describe("path into the values of the package's files")

const form = z.strictObject({
  files: z
    .array(z.strictObject({ name: text, form: z.enum(['yaml', 'env', 'key']), secret: z.boolean() }))
    .min(1)
    .describe('exactly these, in the order in which they are passed on'),
  tenant: path,
  project: path,
  version: path,
  key: z.union([z.strictObject({ value: path, existingSecret: path }), z.strictObject({ file: text })]),
  immutable: z.exactOptional(z.array(path)),
  shown: z.exactOptional(z.array(text).describe('of a secret file only these may be shown')),
}) satisfies z.ZodType<PackageForm>

export const packages = z
  .strictObject({
    bucket: text.describe('{project} is filled in'),
    object: text.describe('{mode} and {client} are filled in; the version with dashes and .zip follow'),
    tenantPrefix: z.string(),
    forms: z.strictObject({ k8s: form, docker: form }),
  })
  .describe("where the vendor keeps the customers' packages, and what is in them") satisfies z.ZodType<PackageRules>
