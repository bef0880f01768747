"""The machinery: a model's whole life, for any table with an id and two classes. It knows no column."""
