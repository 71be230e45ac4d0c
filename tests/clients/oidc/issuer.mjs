// An authorization server by other hands: node-oidc-provider, set up to give out tokens for the server under test.
// It listens on a free port, and writes its URL to standard output.

import { generateKeyPairSync } from 'node:crypto';
import { createServer } from 'node:http';

import { Provider } from 'oidc-provider';

const { TENANT, CLIENT_SECRET, SERVER_SECRET } = process.env;

const KINDS = { RS256: ['rsa', { modulusLength: 2048 }], ES256: ['ec', { namedCurve: 'P-256' }], EdDSA: ['ed25519'] };

const keys = Object.entries(KINDS).map(([alg, kind]) => ({
  ...generateKeyPairSync(...kind).privateKey.export({ format: 'jwk' }),
  kid: alg,
  use: 'sig',
}));

const client = (id, secret, grants) => ({
  client_id: id,
  client_secret: secret,
  grant_types: grants,
  redirect_uris: [],
  response_types: [],
});

const configuration = {
  jwks: { keys },
  clients: [client('batch', CLIENT_SECRET, ['client_credentials']), client('jobs & more', SERVER_SECRET, [])],
  extraTokenClaims: () => ({ tenant: TENANT, roles: ['ops'] }),
  features: {
    clientCredentials: { enabled: true },
    devInteractions: { enabled: false },
    introspection: { enabled: true, allowedPolicy: () => true },
    revocation: { enabled: true, allowedPolicy: () => true },
    resourceIndicators: {
      enabled: true,
      // the last part of the resource's name tells what its tokens are like
      getResourceServerInfo(_, resource) {
        const alg = resource.split('/').at(-1);
        const format = alg === 'opaque' ? { accessTokenFormat: 'opaque' } : { accessTokenFormat: 'jwt', jwt: { sign: { alg } } };
        return { scope: 'job:read job:write', audience: resource, accessTokenTTL: 600, ...format };
      },
    },
  },
};

const server = createServer();
server.listen(0, '127.0.0.1', () => {
  const url = `http://127.0.0.1:${server.address().port}`;
  server.on('request', new Provider(url, configuration).callback());
  process.stdout.write(`${url}\n`);
});
