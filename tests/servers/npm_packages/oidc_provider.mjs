// The npm package oidc-provider with a sign-in that knows no password and a consent page of four buttons.
// node oidc_provider.mjs MODULES CONFIG, both given by ../oidc_provider.py.
import { createRequire } from "node:module";
import { join } from "node:path";
import { pathToFileURL } from "node:url";

const [modules, given] = process.argv.slice(2);
const require = createRequire(join(modules, "package.json"));
const { Provider } = await import(pathToFileURL(require.resolve("oidc-provider")));
const config = JSON.parse(given);
const issuer = `http://127.0.0.1:${config.port}`;

const provider = new Provider(issuer, {
  clients: config.clients,
  scopes: config.scopes,
  cookies: { keys: ["loopback"] },
  features: {
    devInteractions: { enabled: false },
    introspection: { enabled: true, allowedPolicy: () => true },
    revocation: { enabled: true },
  },
  findAccount: (_, id) => ({ accountId: id, claims: () => ({ sub: id }) }),
  interactions: { url: (_, interaction) => `/interaction/${interaction.uid}` },
  issueRefreshToken: () => config.refreshTokens,
  pkce: { required: () => true },
  renderError: (ctx, out) => {
    ctx.type = "html";
    ctx.body = `<!DOCTYPE html><title>Error</title><p id="error">${out.error}</p>`;
  },
  rotateRefreshToken: config.rotate,
  ttl: { AccessToken: config.accessTokenSeconds, AuthorizationCode: config.codeSeconds, RefreshToken: 86400,
    Grant: 86400, Session: 86400, Interaction: 3600 },
});

const ANSWERS = { allow: "Allow", deny: "Deny", partly: "Allow without contacts", crash: "Crash" };

async function answer(ctx, chosen) {
  const { prompt, params, grantId } = await provider.interactionDetails(ctx.req, ctx.res);
  if (prompt.name === "login") {
    return finish(ctx, { login: { accountId: "user@example.com" } });
  }
  if (chosen === "deny") {
    return finish(ctx, { error: "access_denied", error_description: "The user refused." });
  }
  if (chosen === "crash") {
    ctx.status = 500;
    ctx.type = "html";
    ctx.body = "<!DOCTYPE html><title>500</title>";
    return undefined;
  }
  const grant = grantId ? await provider.Grant.find(grantId)
    : new provider.Grant({ accountId: "user@example.com", clientId: params.client_id });
  const asked = params.scope.split(" ");
  grant.addOIDCScope(asked.filter((scope) => chosen !== "partly" || !scope.startsWith("contacts")).join(" "));
  grant.rejectOIDCScope(asked.filter((scope) => chosen === "partly" && scope.startsWith("contacts")).join(" "));
  return finish(ctx, { consent: { grantId: await grant.save() } });
}

function finish(ctx, result) {
  ctx.respond = false;
  return provider.interactionFinished(ctx.req, ctx.res, result, { mergeWithLastSubmission: false });
}

provider.use(async (ctx, next) => {
  const match = /^\/interaction\/[\w-]+(?:\/(\w+))?$/.exec(ctx.path);
  if (!match) {
    return next();
  }
  const { prompt } = await provider.interactionDetails(ctx.req, ctx.res);
  const chosen = match[1] ?? config.answer;
  if (prompt.name === "login" || chosen) {
    return answer(ctx, chosen);
  }
  ctx.set("Cross-Origin-Opener-Policy", "same-origin");
  ctx.type = "html";
  ctx.body = `<!DOCTYPE html><html lang="en"><title>Consent</title><h1>Consent</h1>${Object.entries(ANSWERS)
    .map(([name, label]) => `<form method="post" action="${ctx.path}/${name}"><button>${label}</button></form>`)
    .join("")}`;
  return undefined;
});

provider.listen(config.port, "127.0.0.1");
