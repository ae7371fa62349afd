/** Three parts of base64url (RFC 7515, 3.1). */
const TOKEN = /^#token=([\w-]+\.[\w-]+\.[\w-]+)$/;

/**
 * A viewer's token behind a page's address, "#token=…": no server and no log of one sees what stands behind the #.
 * @param hash as location.hash has it; undefined: it holds none
 */
export function tokenOf(hash: string): string | undefined {
  return TOKEN.exec(hash)?.[1];
}

/** What `tokenOf` finds again; empty without a token. */
export function hashOf(token: string | undefined): string {
  return token === undefined ? "" : `#token=${token}`;
}
