/**
 * Purpose: the port to durable storage: named immutable bytes, on files or on S3.
 * Invariants: nothing is ever overwritten; `createIfAbsent` is atomic among all writers; an
 * acknowledged write is durable; what was removed may be written again, and is then a new object
 * with a new time of writing.
 * Fails: OBJECT_NOT_FOUND, STORE_UNAVAILABLE, STORE_FULL, KEY_INVALID: always with the key in
 * `where`.
 */
export interface ObjectStore {
  /**
   * For people and messages, never with credentials: "file:/srv/headway" or "s3://bucket/prefix".
   */
  readonly location: string;
  /**
   * @param sha256 of the content, where the reader knows it: a far store may then read from a
   * copy on this machine. Checking is still the reader's.
   */
  get(key: string, sha256?: string): Promise<Uint8Array>;
  has(key: string): Promise<boolean>;
  /** Writes an object that is named by its content; does nothing where the key exists. */
  put(key: string, bytes: Uint8Array): Promise<void>;
  /** The same from a local file, without holding it in memory. */
  putFile(key: string, path: string): Promise<void>;
  /**
   * Creates the object unless the key exists; exactly one of several racing writers gets
   * 'created'.
   */
  createIfAbsent(key: string, bytes: Uint8Array): Promise<'created' | 'exists'>;
  /**
   * Keys that start with `prefix` (a folder, ending in "/"), in ascending text order. With `after`
   * a store may leave out those up to it.
   */
  list(prefix: string, after?: string): Promise<string[]>;
  /**
   * Which of `keys` there are, at next to no cost a key. Only of a store that is near and whose
   * listings have no beginning to skip to: a folder. Asked of one that has it instead of `list`
   * with `after`.
   */
  readonly present?: (keys: readonly string[]) => Promise<readonly string[]>;
  /**
   * The keys under `prefix` with size and time of writing (UTC ms), in ascending text order: for
   * garbage collection and reports.
   */
  listDetails(
    prefix: string,
  ): Promise<readonly { key: string; bytes: number; writtenAt: number }[]>;
  /**
   * A path on the local disk with the object's bytes, for readers that need a file (DuckDB). Read
   * only.
   */
  localPath(key: string): Promise<string>;
  /**
   * Removes an object for good; does nothing where it is absent. For garbage collection only:
   * nothing else in Headway removes.
   */
  remove(key: string): Promise<void>;
}
