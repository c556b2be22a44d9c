// What a guest says and writes is theirs as long as this browser keeps by what it was said; see guest.py.
export function keepGuest(secret) {
  if (!secret || /(^|; )dashboard-guest=/.test(document.cookie)) return;
  const secure = location.protocol === "https:" ? "; secure" : "";
  document.cookie = `dashboard-guest=${secret}; path=/; max-age=31536000; samesite=lax${secure}`;
}
