// Requests by way of a proxy of their own: whatever else this process asks for, the store above all, does not take it.

/** By way of `proxy`; without one as HTTPS_PROXY and HTTP_PROXY say. NO_PROXY holds for both. */
export async function fetchThrough(proxy: string | undefined, env: NodeJS.ProcessEnv): Promise<typeof fetch> {
  const said = (name: string): string => env[name.toLowerCase()] ?? env[name] ?? ''
  const [httpsProxy, httpProxy] = [proxy ?? said('HTTPS_PROXY'), proxy ?? said('HTTP_PROXY')]
  if (httpsProxy === '' && httpProxy === '') return fetch
  // Node.js has it inside, but lends it only to the whole process.
  const undici = await import('undici')
  const dispatcher = new undici.EnvHttpProxyAgent({
    httpsProxy,
    httpProxy,
    noProxy: said('NO_PROXY'),
    proxyTunnel: true,
  })
  const own = undici.fetch as unknown as (url: unknown, init: object) => Promise<Response>
  return async (url, init) => await own(url, { ...init, dispatcher })
}
