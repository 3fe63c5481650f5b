'use strict';

/**
 * A list that is read in pages. Await it for one page; go through it with
 * `for await` for all of them. Nothing is asked for before one of the two.
 */
class Pages {
  #first;

  constructor(fetchPage, params) {
    this.fetchPage = (changes) => fetchPage({ ...params, ...changes });
    this.params = params;
    for (const name of ['fetchPage', 'params']) Object.defineProperty(this, name, { enumerable: false });
  }

  then(onPage, onError) {
    this.#first ??= this.fetchPage({});
    return this.#first.then(onPage, onError);
  }

  catch(onError) {
    return this.then(undefined, onError);
  }

  finally(onEnd) {
    return this.then().finally(onEnd);
  }
}

module.exports = { Pages };
