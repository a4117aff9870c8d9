/** Whether only to add: known beforehand, or asked once something is seen that would be removed. */
export type OnlyAdd = boolean | (() => Promise<boolean>);

/** Whether nothing is to be removed, as is known at this moment. */
export async function addsOnly(onlyAdd: OnlyAdd): Promise<boolean> {
  return typeof onlyAdd === "function" ? onlyAdd() : onlyAdd;
}
