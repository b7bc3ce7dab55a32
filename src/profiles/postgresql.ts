// The database rules that charts with bitnami's PostgreSQL share: a server of the chart's own, or one of the user's.
import type { Cel, DatabaseRule } from '../core/profile/profile.ts'
import { choose, kubeName, orElse, truthy } from '../core/profile/celtext.ts'

const INTERNAL = truthy('values.internalPostgresql.enabled')
const OWN = 'values.internalPostgresql.auth'
const EXTERNAL = 'values.externalPostgresql'

const internalName = kubeName("release.name + '-postgresql'")
const externalName = kubeName("release.name + '-externalpostgresql'")

/** Key of the external Secret: the user's own name for it counts only together with the user's own Secret. */
function externalKey(named: Cel, usual: string): Cel {
  return choose(truthy(`${EXTERNAL}.existingSecret`), orElse(named, `'${usual}'`), `'${usual}'`)
}

const secretName = choose(
  INTERNAL,
  orElse(`${OWN}.existingSecret`, internalName),
  orElse(`${EXTERNAL}.existingSecret`, externalName),
)

/** CEL string: the main database's own name. */
export function mainDatabase(fallback: string): Cel {
  return choose(INTERNAL, orElse(`${OWN}.database`, `'${fallback}'`), orElse(`${EXTERNAL}.database`, `'${fallback}'`))
}

type Server = Required<
  Pick<DatabaseRule, 'host' | 'port' | 'user' | 'passwordSecret' | 'passwordKey' | 'admin' | 'tls'>
>

/** Server, login, administrator and TLS, which all databases of such a chart share. */
export function bitnamiServer(defaultUser: string): Server {
  return {
    host: choose(INTERNAL, internalName, orElse(`${EXTERNAL}.host`, "'localhost'")),
    port: choose(INTERNAL, '5432', `int(${orElse(`${EXTERNAL}.port`, '5432')})`),
    user: choose(
      INTERNAL,
      orElse(`${OWN}.username`, `'${defaultUser}'`),
      orElse(`${EXTERNAL}.user`, `'${defaultUser}'`),
    ),
    passwordSecret: secretName,
    passwordKey: choose(INTERNAL, "'password'", externalKey(`${EXTERNAL}.existingSecretPasswordKey`, 'db-password')),
    admin: {
      user: choose(INTERNAL, "'postgres'", orElse(`${EXTERNAL}.adminUser`, "''")),
      database: choose(INTERNAL, "'postgres'", orElse(`${EXTERNAL}.adminDatabase`, "'postgres'")),
      passwordSecret: secretName,
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
