// A vendor's site in Node, with openid-client. The Go test is its reader's browser: each
// line that is printed asks for something, each line that is read answers.
import { createInterface } from 'node:readline'
import * as client from 'openid-client'
import { createRemoteJWKSet, jwtVerify } from 'jose'

const [issuer, id, secret, redirect_uri, post_logout_redirect_uri, backchannel] = process.argv.slice(2)
const lines = createInterface({ input: process.stdin })[Symbol.asyncIterator]()

// ask prints a request and reads its answer.
async function ask(what) {
  console.log(JSON.stringify(what))
  return (await lines.next()).value
}

function expect(holds, what) {
  if (!holds) throw new Error(what)
}

// refused expects the provider to refuse with a code of OAuth's.
async function refused(promise, code) {
  const error = await promise.then(() => undefined, (e) => e)
  expect(error && error.error === code, `refused with ${error && error.error}, not ${code}`)
}

const config = await client.discovery(new URL(issuer), id, secret, client.ClientSecretBasic(secret), { execute: [client.allowInsecureRequests] })
client.enableNonRepudiationChecks(config) // ID tokens are checked by their signature

async function logIn(more = {}, checks = {}) {
  const verifier = client.randomPKCECodeVerifier(), state = client.randomState(), nonce = client.randomNonce()
  const address = client.buildAuthorizationUrl(config, {
    redirect_uri, scope: 'openid offline_access', state, nonce,
    code_challenge: await client.calculatePKCECodeChallenge(verifier), code_challenge_method: 'S256', ...more,
  })
  const back = new URL(await ask({ open: address.href }))
  const grant = () => client.authorizationCodeGrant(config, back, { pkceCodeVerifier: verifier, expectedState: state, expectedNonce: nonce, ...checks })
  return { tokens: await grant(), grant }
}

const first = await logIn()
const claims = first.tokens.claims()
expect(claims.sub.startsWith('rdr_'), `the subject is ${claims.sub}`)
expect((await client.fetchUserInfo(config, first.tokens.access_token, claims.sub)).sub === claims.sub, 'userinfo says somebody else')

const second = await client.refreshTokenGrant(config, first.tokens.refresh_token)
expect(second.claims().sub === claims.sub && second.refresh_token !== first.tokens.refresh_token, 'refreshed into something else')
const again = await client.refreshTokenGrant(config, first.tokens.refresh_token) // the answer may have been lost
expect(again.refresh_token === second.refresh_token, 'a refresh whose answer was lost has another successor')
const third = await client.refreshTokenGrant(config, second.refresh_token)
await refused(client.refreshTokenGrant(config, first.tokens.refresh_token), 'invalid_grant') // its successor was used: somebody else has it
await refused(client.refreshTokenGrant(config, third.refresh_token), 'invalid_grant') // the family is gone

const fresh = await logIn({ max_age: '3600', prompt: 'none' }, { maxAge: 3600 })
await refused(fresh.grant(), 'invalid_grant') // the code, a second time
await refused(client.refreshTokenGrant(config, fresh.tokens.refresh_token), 'invalid_grant')

const given = await logIn()
await client.tokenRevocation(config, given.tokens.refresh_token)
await refused(client.refreshTokenGrant(config, given.tokens.refresh_token), 'invalid_grant')

const last = await logIn()
const end = client.buildEndSessionUrl(config, { id_token_hint: last.tokens.id_token, post_logout_redirect_uri, state: 'gone' })
expect(await ask({ open: end.href }) === post_logout_redirect_uri + '?state=gone', 'the logout ended elsewhere')
await refused(client.refreshTokenGrant(config, last.tokens.refresh_token), 'invalid_grant')

const keys = createRemoteJWKSet(new URL(config.serverMetadata().jwks_uri))
const { payload } = await jwtVerify(await ask({ logout: backchannel }), keys, { issuer, audience: id, typ: 'logout+jwt', algorithms: ['RS256'] })
expect(payload.sid === last.tokens.claims().sid && payload.sub === claims.sub && !('nonce' in payload), 'the logout token names another login')
expect('http://schemas.openid.net/event/backchannel-logout' in payload.events, 'it is not a logout token')

console.log(JSON.stringify({ done: claims.sub }))
process.exit(0)
