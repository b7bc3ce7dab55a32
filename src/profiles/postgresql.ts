// The database rules that charts with bitnami's PostgreSQL share: a server of the chart's own, or one of the user's.
import type { Cel, DatabaseRule } from '../core/profile/profile.ts'
import { bitnamiDependency, choose, orElse, textAt, truthy } from '../core/profile/celtext.ts'

/** CEL bool: does the chart bring its own server? */
export const INTERNAL = truthy('values.internalPostgresql.enabled')
const OWN = 'values.internalPostgresql.auth'
export const EXTERNAL = 'values.externalPostgresql'

/** CEL string: name of the chart's own server, its Service and its Secret. */
export const INTERNAL_NAME = bitnamiDependency('postgresql', 'values.internalPostgresql')

/** Key of the external Secret: the user's own name for it counts only together with the user's own Secret. */
function externalKey(named: Cel, usual: string): Cel {
  return choose(truthy(`${EXTERNAL}.existingSecret`), orElse(named, `'${usual}'`), `'${usual}'`)
}

/** CEL string: name of the Secret with the passwords; `external` is what the chart calls its own for a server of the user's. */
export function passwordSecret(external: Cel): Cel {
  return choose(
    INTERNAL,
    orElse(`${OWN}.existingSecret`, INTERNAL_NAME),
    orElse(`${EXTERNAL}.existingSecret`, external),
  )
}

/** Charts take a value as it is: an empty one is no name, even where the chart has a default for a missing one. */
function either(own: string, external: string): Cel {
  return choose(INTERNAL, textAt(`${OWN}.${own}`), textAt(`${EXTERNAL}.${external}`))
}

/** CEL string: the main database's own name. */
export const MAIN_DATABASE = either('database', 'database')

type Server = Required<
  Pick<DatabaseRule, 'host' | 'port' | 'user' | 'passwordSecret' | 'passwordKey' | 'admin' | 'tls'>
>

/** Server, login, administrator and TLS, which all databases of such a chart share; `secret`: CEL string, see `passwordSecret`. */
export function bitnamiServer(secret: Cel): Server {
  return {
    host: choose(INTERNAL, INTERNAL_NAME, textAt(`${EXTERNAL}.host`)),
    port: choose(INTERNAL, '5432', `int(${textAt(`${EXTERNAL}.port`)})`),
    user: either('username', 'user'),
    passwordSecret: secret,
    passwordKey: choose(INTERNAL, "'password'", externalKey(`${EXTERNAL}.existingSecretPasswordKey`, 'db-password')),
    admin: {
      user: choose(INTERNAL, "'postgres'", textAt(`${EXTERNAL}.adminUser`)),
      database: choose(INTERNAL, "'postgres'", orElse(`${EXTERNAL}.adminDatabase`, "'postgres'")),
      passwordSecret: secret,
      passwordKey: choose(
        INTERNAL,
        "'postgres-password'",
        externalKey(`${EXTERNAL}.existingSecretAdminPasswordKey`, 'db-admin-password'),
      ),
    },
    // The chart's own server follows the same switch: internalPostgresql.sslEnabled is read by no template.
    tls: choose(truthy(`${EXTERNAL}.sslEnabled`), "'require'", "'disable'"),
  }
}
