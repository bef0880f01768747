"""The least that takes a batch: FastAPI and Mangum that parse the body and count its rows."""

from typing import Any

from fastapi import FastAPI
from mangum import Mangum

app = FastAPI()
handler = Mangum(app, lifespan="off")


@app.post("/predict/batch")
async def predict(body: dict[str, Any]) -> dict[str, int]:
    return {"rows": len(body["passengers"])}
