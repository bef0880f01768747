"""The original design's model: features made with pandas, a scikit-learn forest in a pickle, a KS test on each row."""

import pickle
from pathlib import Path
from typing import Any

import pandas as pd
from scipy.stats import ks_2samp
from sklearn.ensemble import RandomForestClassifier

FILE = Path(__file__).parent / "model.pkl"
TITLES = {"Mr": 0, "Miss": 1, "Mrs": 2, "Master": 3}


def features(passengers: pd.DataFrame) -> pd.DataFrame:
    """The columns that the forest sees."""
    frame = passengers.copy()
    frame["Sex"] = frame["Sex"].map({"male": 0, "female": 1})
    frame["Title"] = frame["Name"].str.extract(r",\s*([^.]+)\.", expand=False).map(TITLES).fillna(4)
    frame["Age"] = pd.to_numeric(frame["Age"]).fillna(28)
    frame["Fare"] = pd.to_numeric(frame["Fare"]).fillna(14.45)
    frame["FamilySize"] = frame["SibSp"] + frame["Parch"] + 1
    frame["IsAlone"] = (frame["FamilySize"] == 1).astype(int)
    frame["HasCabin"] = frame["Cabin"].notna().astype(int)
    frame["Embarked"] = frame["Embarked"].map({"S": 0, "C": 1, "Q": 2}).fillna(0)
    return frame.drop(columns=["Name", "Ticket", "Cabin"])


def train(passenger_list: Path, file: Path) -> None:
    """The pickle: the forest and the rows that the KS test compares with."""
    frame = pd.read_csv(passenger_list).drop(columns="PassengerId")
    survived = frame.pop("Survived")
    rows = features(frame)
    forest = RandomForestClassifier(n_estimators=200, max_depth=6, random_state=0).fit(rows, survived)
    file.write_bytes(pickle.dumps((forest, rows)))


class Loaded:
    """The pickle, read at import as the original did."""

    def __init__(self, file: Path = FILE) -> None:
        self._forest, self._reference = pickle.loads(file.read_bytes())

    def predict(self, passenger: dict[str, Any]) -> dict[str, Any]:
        row = features(pd.DataFrame([passenger]))
        drift = {name: float(ks_2samp(row[name], self._reference[name]).pvalue) for name in row}
        probability = float(self._forest.predict_proba(row)[0, 1])
        return {"survived": int(self._forest.predict(row)[0]), "probability": probability, "drift": drift}
