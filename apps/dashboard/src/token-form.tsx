import { type FormEvent, useState } from "react";
import { browserStorage } from "./browser-storage.tsx";
import { writeToken } from "./viewer-token.ts";

/** Takes a viewer's token, or an address with one; the page begins anew with it. */
export function TokenForm() {
  const [isWrong, setWrong] = useState(false);
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const pasted = String(new FormData(event.currentTarget).get("token") ?? "");
    if (writeToken(browserStorage(), pasted)) location.reload();
    else setWrong(true);
  };
  return (
    <form className="token-form" onSubmit={submit} data-testid="token-form">
      <label>
        Token
        <input name="token" type="password" autoComplete="off" spellCheck={false} aria-invalid={isWrong} />
      </label>
      <button type="submit">Show the race</button>
      {isWrong && (
        <span role="alert">This is no token: three parts with dots between them, or an address with one.</span>
      )}
    </form>
  );
}
