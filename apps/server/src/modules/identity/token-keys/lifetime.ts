/** How long an access token is good. */
export const accessTokenSeconds = 15 * 60
