// Shows the contract named by the page; nothing is asked of any other host.
const place = document.getElementById("reference");

// Fills in the credentials that the page was given. No script may send a cookie, but it can be set for this site.
function fillIn() {
  for (const [name, value] of Object.entries(JSON.parse(place.dataset.credentials))) {
    const scheme = window.ui.specSelectors.securityDefinitions().get(name);
    if (scheme.get("in") === "cookie") {
      document.cookie = `${scheme.get("name")}=${value}; path=/; SameSite=Strict`;
    } else if (scheme.get("type") === "oauth2") {
      window.ui.authActions.authorizeOauth2({ auth: { name, schema: scheme }, token: { access_token: value } });
    } else {
      window.ui.preauthorizeApiKey(name, value);
    }
  }
  place.dataset.ready = "true";
}

window.ui = SwaggerUIBundle({
  url: place.dataset.spec,
  domNode: place,
  validatorUrl: null,
  deepLinking: true,
  persistAuthorization: false,
  defaultModelsExpandDepth: 0,
  tryItOutEnabled: true,
  onComplete: fillIn,
});
