/** Where a field stands: `spec.containers[0].env[1].name`. Its text is only made when a rule is broken. */
export class Path {
  private constructor(
    private readonly parent: Path | undefined,
    private readonly step: string,
  ) {}

  static of(...names: string[]): Path {
    const [first = "", ...rest] = names;
    return rest.reduce((path, name) => path.child(name), new Path(undefined, first));
  }

  child(name: string): Path {
    return new Path(this, `.${name}`);
  }

  at(index: number): Path {
    return new Path(this, `[${index}]`);
  }

  /** An entry of a map. */
  key(name: string): Path {
    return new Path(this, `[${name}]`);
  }

  toString(): string {
    return this.parent === undefined ? this.step : this.parent.toString() + this.step;
  }
}
