import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("clientgroups", "0010_service_defaults")]

    operations = [
        migrations.CreateModel(
            name="GroupSize",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("day", models.DateField(verbose_name="day")),
                ("n", models.PositiveIntegerField(verbose_name="clients")),
                (
                    "client_group",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="sizes",
                        to="clientgroups.clientgroup",
                    ),
                ),
            ],
            options={
                "verbose_name": "size of a client group",
                "verbose_name_plural": "sizes of client groups",
                "ordering": ["client_group", "-day"],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("client_group", "day"), name="groupsize_once_a_day"
                    )
                ],
            },
        ),
    ]
