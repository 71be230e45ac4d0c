// Shows the contract named by the page; nothing is asked of any other host.
const place = document.getElementById("reference");
window.ui = SwaggerUIBundle({
  url: place.dataset.spec,
  domNode: place,
  validatorUrl: null,
  deepLinking: true,
  persistAuthorization: false,
  defaultModelsExpandDepth: 0,
  tryItOutEnabled: true,
});
