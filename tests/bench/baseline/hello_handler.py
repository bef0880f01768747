"""The least that FastAPI and Mangum do."""

from fastapi import FastAPI
from mangum import Mangum

app = FastAPI()
handler = Mangum(app, lifespan="off")


@app.post("/predict")
async def predict() -> dict[str, str]:
    return {"hello": "world"}
