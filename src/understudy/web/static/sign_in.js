// A link that signs somebody in has its token behind the #, which browsers keep to themselves: no log ever sees it.
const form = document.getElementById("invitation");

function accept() {
  const token = location.hash.slice(1);
  if (!token || !form) return;
  history.replaceState(null, "", location.pathname);
  form.elements.invitation.value = token;
  form.submit();
}

addEventListener("hashchange", accept);
accept();
