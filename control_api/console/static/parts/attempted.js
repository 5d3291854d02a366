// Something that is done by one press: what the server refuses is said in a toast.

import { ApiError } from "../core/api.js";
import { toast } from "./toast.js";

/** Whether `work` came to its end. */
export async function attempted(work) {
  try {
    await work();
    return true;
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    toast(error.detail, "bad");
    return false;
  }
}
