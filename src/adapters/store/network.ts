// What a company's network asks for: an authority of its own, and a proxy.
import { Agent as HttpAgent } from 'node:http'
import { Agent as HttpsAgent } from 'node:https'
import { getCACertificates, setDefaultCACertificates } from 'node:tls'
import { PawlError } from '../../core/errors.ts'

/**
 * Trusts these authorities beside the usual ones, for every connection of this process: the three SDKs have three ways of being
 * told, and Google's has none for the token it fetches.
 */
export function trustAlso(pem: string): void {
  const certificates = pem.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? []
  const known = new Set(getCACertificates('default'))
  const fresh = certificates.filter((certificate) => !known.has(certificate))
  try {
    if (certificates.length === 0) throw new Error('there is no certificate in it')
    if (fresh.length > 0) setDefaultCACertificates([...known, ...fresh])
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause)
    throw new PawlError({
      code: 'input-invalid',
      message: `The store's ca.crt cannot be used: ${why}.`,
      unchanged: 'Nothing was written to the store.',
      cause,
    })
  }
}

/** Connections that go where HTTPS_PROXY, HTTP_PROXY and NO_PROXY say. Amazon's SDK is the one that does not look by itself. */
export function proxyAgents(env: NodeJS.ProcessEnv): { httpAgent: HttpAgent; httpsAgent: HttpsAgent } {
  const options = { keepAlive: true, maxSockets: 50, proxyEnv: env }
  return { httpAgent: new HttpAgent(options), httpsAgent: new HttpsAgent(options) }
}
