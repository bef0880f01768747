export const handler = async (event) => ({ hello: event.name, node: process.version.split(".")[0] });
