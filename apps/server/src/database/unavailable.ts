/**
 * The database cannot take this now: busy, its queue is full, or its worker is restarting. Nothing
 * is acknowledged.
 */
export class DatabaseUnavailable extends Error {
  override name = 'DatabaseUnavailable'
}
