// The form of a profile that somebody wrote in a file. What cannot be said by a form (CEL that works) is core/profile/lint.ts.
import { z } from 'zod'
import type { DatabaseRule, EvidenceRule, Profile, SupportRule } from '../../core/profile/profile.ts'
import type { TrapRule } from '../../core/profile/traps.ts'
import { packages } from './schema-packages.ts'

const text = z.string().min(1)
const name = z
  .string()
  .regex(/^[a-z0-9][a-z0-9-]*$/)
  .describe('small letters, digits and dashes')
const path = text.describe('dotted path into the values')

const cel = (gives: string): z.ZodString => text.describe(`CEL over release, values and chart; gives ${gives}`)
const celText = cel('a text')
const celBool = cel('true or false')
const optional = z.exactOptional

const evidence = z
  .strictObject({
    when: optional(celBool),
    configMap: celText,
    container: z.strictObject({ deployment: celText, name: text }),
    host: text.describe('name of the variable'),
    port: text,
    database: text,
    user: text,
    password: optional(text),
    tls: optional(text),
    overrides: optional(
      text.describe('section of the values with extraEnvVars, extraEnvVarsCM, existingConfigMap ...'),
    ),
  })
  .describe(
    'what the running release is told of the database: variables of one container',
  ) satisfies z.ZodType<EvidenceRule>

const migrator = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('init-container'), deployment: celText, container: text }),
  z.strictObject({ kind: z.literal('deployment'), deployment: celText }),
])

const database = z.strictObject({
  role: name.describe('what this database is called in messages, backup sets and options'),
  when: celBool.describe('CEL; is this database part of the installation?'),
  host: celText,
  port: cel('a whole number'),
  database: celText,
  user: celText,
  passwordSecret: celText.describe('CEL; name of the Secret, empty where there is no password'),
  passwordKey: celText,
  admin: optional(
    z
      .strictObject({ user: celText, database: celText, passwordSecret: celText, passwordKey: celText })
      .describe('a login that may create databases; an empty user means that there is none'),
  ),
  tls: cel('disable or require'),
  otherCredentials: optional(z.array(celText).describe('further Secrets whose holders can write to it')),
  evidence: optional(z.array(evidence).describe('the first whose `when` holds counts')),
  migrations: z.strictObject({ table: text.describe('schema.table'), column: text }),
  expected: celText.describe('CEL; last migration the release expects, empty where its chart does not say'),
  migrator,
}) satisfies z.ZodType<DatabaseRule>

const trap = z.strictObject({
  name: name.describe('its answer in a plan is called trap-NAME'),
  charts: optional(
    z.strictObject({
      crossing: optional(text.describe('the installed chart is older than this one, the target is not')),
      from: optional(text.describe('the target is this chart or a later one')),
      before: optional(text.describe('the target is older than this chart')),
    }),
  ),
  when: text.describe('CEL over release, values, chart, before.values, before.chart and live; gives true or false'),
  weight: z.enum(['mandatory', 'acceptable', 'warn']),
  says: text,
  remedy: text,
}) satisfies z.ZodType<TrapRule>

const support = z.strictObject({
  contact: text,
  bundleLabel: optional(text),
  logs: optional(z.array(z.strictObject({ deployment: celText, container: text }))),
  debug: optional(z.strictObject({ path, value: text })),
}) satisfies z.ZodType<SupportRule>

const positive = z.number().int().positive()

export const profileSchema = z
  .strictObject({
    name,
    title: text,
    chart: text.describe('a release belongs to this product when its chart has this name'),
    versionScheme: z.enum(['calver', 'semver']),
    lifecycle: z.strictObject({ supportMonths: positive, warnDays: z.number().int().nonnegative() }),
    fullname: celText,
    names: optional(z.record(z.string(), celText).describe('names that do not follow from fullname')),
    package: optional(z.strictObject({ version: celText, minVersionAnnotation: text })),
    packages: optional(packages),
    runningVersion: optional(z.strictObject({ configMap: celText, key: text })),
    databases: z.array(database).min(1),
    quiescedValues: z
      .array(z.strictObject({ path, value: z.union([z.number(), z.boolean()]) }))
      .describe('values that make the chart run no pod'),
    immutableValues: z.array(path).describe('values that must be the same before and after'),
    support: optional(support),
    traps: optional(z.array(trap)),
    features: optional(z.array(z.strictObject({ name: text, when: celBool }))),
    reminders: optional(
      z.array(text).describe('what an upgrade asks for where Pawl cannot look; every plan says it again'),
    ),
    needs: optional(
      z.strictObject({
        kubernetes: optional(z.strictObject({ minor: positive, warnMinor: positive })),
        postgresMajor: optional(positive),
        extensions: optional(z.record(name, z.array(text)).describe('by role: extensions that its migrations use')),
      }),
    ),
  })
  .meta({
    title: 'Profile',
    description: 'What Pawl knows of a product: see profile.md beside this file.',
  }) satisfies z.ZodType<Profile>
